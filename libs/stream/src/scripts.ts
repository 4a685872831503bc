// Generated from scripts/*.lua by `bun run generate`: edit those.

export type Script = {
  /** SHA-1 of the source, the name that EVALSHA calls it by. */
  readonly sha: string;
  readonly source: string;
};

export const appendScript: Script = {
  sha: "925d57da2788ef4727ffc9fec543630c42f0182b",
  source: `-- Adds chunks of events to the streams of their shards, each without the duplicates, each all or nothing.
--
-- KEYS   of every chunk: 1 stream  2..4 the dedup sets  5 count  6 diverted  7 lease
-- ARGV   1 nonce  2 dedup window (s)  3 backlog events max  4 backlog bytes max
--        5 "" from an edge, or the lease's value from the drain, which passes the diversion
--        6 the caller's installation  7 "1" when it has just read that this Redis is of it, else ""
--        and of every chunk: the chunk (base64), its events' dedup keys, KEY_LENGTH characters each, joined,
--        the writer, and its floor: how many of its events it knows this shard to have had
-- Reply  of every chunk {nonce.n, status, entry id, duplicates (csv of indexes), totals (csv of writer:total)}, n from 1
--        OK, with no entry id when every event was a duplicate; FULL, DIVERTED, FENCED: nothing was written;
--        UNAGREED: nothing was written, ask whose this Redis is and call again;
--        BEHIND: nothing was written, the shard has had fewer events of the writer than its floor;
--        ERROR, with Redis's text in the place of the entry id
--
-- Why so: one call for all shards, since each call costs the REST server and Redis 40 us before its first event. An error
-- of one shard stays its own. A dedup set per window in three slots. The current and the previous one are asked, so
-- that an id is remembered for one to two windows; a set dies when its second window ends, a whole window before its
-- slot is used again. A chunk is opaque here, so a duplicate is named in field "n" rather than cut out: "2:0,3:k1:9"
-- counts two events, skips the first and the fourth, and brings the writer k1 to nine. No checksum but the chunk's own is in an entry, and an AOF has none: so
-- what "n" says stands once more in "d", behind the number of events that the chunk must hold, "4:2:0,3:k1:9". One damaged byte is
-- seen by that and spoils no count (S2). A stream that does not
-- exist begins a new epoch: counters that survived it would count a backlog that nobody can settle. The
-- limits are compared before the chunk is added, since a chunk larger than the limit would otherwise never fit. XADD is
-- the first write: without allow-oom it is where a full Redis refuses, before anything happened. Whose this Redis is stands in
-- a key of another slot, so each shard remembers whose it was filled as: an edge whose REST server suddenly stands before
-- another Redis, or an emptied one, finds another installation there or none, and asks before it writes anything.
-- A Redis that went back (an older replica, an AOF without its end) looks like any other once somebody has appended to it. So
-- field "w:<writer>" of "count" has how many of a writer's events there were, each entry says so of itself at the end of
-- "n", and nobody appends where there are fewer than it was answered: what was lost stays missing from that number. With
-- a duplicate all totals are answered, since nobody knows who appended its first copy.

local SLICE = 1000 -- arguments to one command: unpack() ends at about 8000
local KEYS_EACH = 7
local HEAD, VALUES_EACH = 7, 4 -- arguments before those of the chunks, and of each
local KEY_LENGTH = 16 -- of a dedup key; DIGEST96_LENGTH in libs/event, which a test compares

local window, events_max, bytes_max = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local lease, installation, asked = ARGV[5], ARGV[6], ARGV[7] == '1'
local time = redis.call('TIME')
local period = math.floor(tonumber(time[1]) / window)

-- Of all writers of a shard.
local function totals_of(count)
  local all, fields = {}, redis.call('HGETALL', count)
  for i = 1, #fields, 2 do
    local writer = string.match(fields[i], '^w:(.+)$')
    if writer then all[#all + 1] = writer .. ':' .. fields[i + 1] end
  end
  return table.concat(all, ',')
end

-- A stream that is born anew has had nothing of anybody.
local function forget_writers(count)
  for _, field in ipairs(redis.call('HKEYS', count)) do
    if string.sub(field, 1, 2) == 'w:' then redis.call('HDEL', count, field) end
  end
end

local function append(nonce, first, chunk, joined, writer, floor)
  local stream, count = KEYS[first], KEYS[first + 4]
  if lease == '' then
    if redis.call('EXISTS', KEYS[first + 5]) == 1 then return {nonce, 'DIVERTED', '', '', ''} end
  elseif redis.call('GET', KEYS[first + 6]) ~= lease then
    return {nonce, 'FENCED', '', '', ''}
  end

  local mine = 'w:' .. writer
  local had = redis.call(
    'HMGET', count, 'accepted', 'duplicate', 'relayed', 'dead', 'bytes', 'epoch', 'installation', 'parked', mine
  )
  local isAgreed = had[7] == installation
  if not isAgreed and not asked then return {nonce, 'UNAGREED', '', '', ''} end
  local written = tonumber(had[9]) or 0
  if written < floor then return {nonce, 'BEHIND', '', '', ''} end
  local accepted, duplicate = tonumber(had[1]) or 0, tonumber(had[2]) or 0
  local settled = (tonumber(had[3]) or 0) + (tonumber(had[4]) or 0) + (tonumber(had[8]) or 0)
  local bytes = tonumber(had[5]) or 0
  if (accepted - settled >= events_max or bytes >= bytes_max) and redis.call('EXISTS', stream) == 1 then
    return {nonce, 'FULL', '', '', ''}
  end

  local current, previous = KEYS[first + 1 + period % 3], KEYS[first + 1 + (period + 2) % 3]
  local total = #joined / KEY_LENGTH
  local ids, fresh, skipped, inside = {}, {}, {}, {}
  for i = 1, total do ids[i] = string.sub(joined, (i - 1) * KEY_LENGTH + 1, i * KEY_LENGTH) end
  for from = 1, total, SLICE do
    local to = math.min(from + SLICE - 1, total)
    local now = redis.call('SMISMEMBER', current, unpack(ids, from, to))
    local before = redis.call('SMISMEMBER', previous, unpack(ids, from, to))
    for i = from, to do
      local id = ids[i]
      if now[i - from + 1] == 1 or before[i - from + 1] == 1 or inside[id] then
        skipped[#skipped + 1] = i - 1
      else
        inside[id] = true
        fresh[#fresh + 1] = id
      end
    end
  end

  local skip = table.concat(skipped, ',')
  if #fresh == 0 then
    redis.call('HINCRBY', count, 'duplicate', total)
    if not isAgreed then redis.call('HSET', count, 'installation', installation) end
    return {nonce, 'OK', '', skip, totals_of(count)}
  end

  written = written + #fresh
  local total_of_mine = writer .. ':' .. string.format('%.0f', written)
  local counted = #fresh .. ':' .. skip .. ':' .. total_of_mine
  local entry = {'*', 'c', chunk, 'n', counted, 'd', total .. ':' .. counted}
  local id = redis.call('XADD', stream, 'NOMKSTREAM', unpack(entry))
  if not id and floor > 0 then return {nonce, 'BEHIND', '', '', ''} end
  if not id or not had[6] then
    id = id or redis.call('XADD', stream, unpack(entry))
    accepted, duplicate, bytes = 0, 0, 0
    forget_writers(count)
    redis.call('HSET', count, 'epoch', time[1] .. string.format('%06d', time[2]), 'relayed', 0, 'dead', 0, 'parked', 0)
  end

  for from = 1, #fresh, SLICE do
    redis.call('SADD', current, unpack(fresh, from, math.min(from + SLICE - 1, #fresh)))
  end
  redis.call('PEXPIREAT', current, (period + 2) * window * 1000)
  accepted, bytes = accepted + #fresh, bytes + #chunk
  redis.call('HSET', count, 'accepted', accepted, 'duplicate', duplicate + #skipped, 'bytes', bytes, mine, written)
  if not isAgreed then redis.call('HSET', count, 'installation', installation) end
  return {nonce, 'OK', id, skip, #skipped > 0 and totals_of(count) or total_of_mine}
end

local replies = {}
for n = 1, #KEYS / KEYS_EACH do
  local nonce = ARGV[1] .. '.' .. n
  local at = HEAD + (n - 1) * VALUES_EACH
  local done, reply = pcall(append, nonce, (n - 1) * KEYS_EACH + 1, ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], tonumber(ARGV[at + 4]))
  if not done then
    local text = type(reply) == 'table' and reply.err or tostring(reply)
    reply = {nonce, 'ERROR', text, '', ''}
  end
  replies[n] = reply
end
return replies
`,
};

export const countsScript: Script = {
  sha: "766710da1ef8a5702d9400cab61bac4605b62b58",
  source: `#!lua flags=no-writes
-- Answers all counters of one shard, as of one moment.
--
-- KEYS   1 stream  2 count
-- Reply  {whether the stream exists, its entries, the fields of count and their values in turn}
--
-- Why so: that a stream is empty says that all its writers' events have left it only if their totals are of the same moment.

return {redis.call('EXISTS', KEYS[1]), redis.call('XLEN', KEYS[1]), redis.call('HGETALL', KEYS[2])}
`,
};

export const divertScript: Script = {
  sha: "7be59b75176e20a0e55c26d3e5226f2d65ad0fa5",
  source: `#!lua flags=allow-oom
-- Begins, renews or ends the diversion, which sends every edge's appends for this shard to the outbox.
--
-- KEYS   1 diverted  2 lease  3 count
-- ARGV   1 begin (the drain) | raise (an edge) | end (the drain)
--        2 begin, end: the lease's value; raise: the caller's installation
--        3 begin, raise: a nonce; end: the stamp that is to end
--        4 raise: "1" when the caller has just read that this Redis is of its installation, else ""
-- Reply  {status, stamp}: OK and the stamp that stands now, "" for none; RENEWED and the other stamp that stands: it was not
--        ended; FENCED, UNAGREED (as append says it): nothing was done
--
-- Why so: a diversion has no expiry. It says that the outbox holds older events of this shard, which stays true when
-- every relay is dead; if it ended by itself, newer events would overtake them. Only an owner ends it, after it has read
-- the stamp and then the outbox empty. An edge that has recorded something in the outbox raises it, before it says so, and
-- each time the stamp is a new one: so a diversion is not ended by an owner that looked into the outbox before, nor by
-- an end that comes late. The stamp is the time (ms) at which it began, so that a diversion that lasts is seen, and the
-- nonce. An edge raises nothing in another installation's Redis; whose it is stands beside the counters, as for append.
-- allow-oom, since order matters most when the stream is full.

local op, claim = ARGV[1], ARGV[2]
local stamp = redis.call('GET', KEYS[1])

if op == 'raise' then
  if ARGV[4] ~= '1' and redis.call('HGET', KEYS[3], 'installation') ~= claim then return {'UNAGREED', ''} end
elseif redis.call('GET', KEYS[2]) ~= claim then
  return {'FENCED', ''}
end

if op == 'end' then
  if stamp and stamp ~= ARGV[3] then return {'RENEWED', stamp} end
  redis.call('DEL', KEYS[1])
  return {'OK', ''}
end

local since = stamp and string.match(stamp, '^%d+')
if not since then
  local time = redis.call('TIME')
  since = time[1] .. string.format('%03d', math.floor(tonumber(time[2]) / 1000))
end
stamp = since .. ' ' .. ARGV[3]
redis.call('SET', KEYS[1], stamp)
return {'OK', stamp}
`,
};

export const forgetScript: Script = {
  sha: "36922204373edf679fb38791da409dd98775d67f",
  source: `#!lua flags=allow-oom
-- Forgets the totals of writers that append no more.
--
-- KEYS   1 count  2 lease
-- ARGV   1 the lease's value  2.. writers
-- Reply  OK, or FENCED and nothing was done
--
-- Why so: each life of an edge is another writer, so their fields would grow for ever. A writer that was forgotten and is not
-- dead after all finds fewer events than its floor, and goes on under another id.

if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 'FENCED' end
for i = 2, #ARGV do redis.call('HDEL', KEYS[1], 'w:' .. ARGV[i]) end
return 'OK'
`,
};

export const inspectScript: Script = {
  sha: "04a68db3a027ffabecd8165b8241cab02980d67a",
  source: `#!lua flags=no-writes
-- Answers everything about one shard, as of one moment.
--
-- KEYS   1 stream  2 count  3 diverted  4 lease
-- Reply  {now (ms), oldest entry id or "", accepted, relayed, dead, backlog bytes, lease value or "", diverted value or "", parked}
--
-- Why so: read one by one, the numbers would contradict each other while the shard is busy.

local function number(value) return tonumber(value) or 0 end

local time = redis.call('TIME')
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local had = redis.call('HMGET', KEYS[2], 'accepted', 'relayed', 'dead', 'bytes', 'parked')
return {
  tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000),
  oldest and oldest[1] or '',
  number(had[1]),
  number(had[2]),
  number(had[3]),
  number(had[4]),
  redis.call('GET', KEYS[4]) or '',
  redis.call('GET', KEYS[3]) or '',
  number(had[5]),
}
`,
};

export const leaseScript: Script = {
  sha: "c9b87f8d537fe0cdcc2d9498e751cfa07446937d",
  source: `#!lua flags=allow-oom
-- Takes, renews or releases the lease of a shard.
--
-- KEYS   1 lease  2 count
-- ARGV   1 take | renew | release  2 take: the owner; else the lease's value  3 ttl (ms), not for release
--        4 take: a token that the new one must be above, if any
-- Reply  take: the new token, or 0 when another owner holds it; renew, release: 1, or 0 when the lease is not held
--
-- Why so: the lease is a string "token owner" with an expiry, so that every other script checks it with one GET. The
-- token is counted in the count hash, which no lease outlives, and starts at the server's microseconds, so that it
-- mostly grows across an emptied Redis too. What it was emptied into may have its clock behind, or have gone back to an
-- earlier count: so whoever takes it names the highest token that it knows of, and gets one above. Who takes a lease that
-- it holds already gets a new token, which fences its own earlier life.
-- allow-oom, since a full Redis would otherwise deadlock: nobody could take the lease to empty it.

local op, claim, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3])
local held = redis.call('GET', KEYS[1])

if op == 'take' then
  if held and string.sub(held, string.find(held, ' ', 1, true) + 1) ~= claim then return 0 end
  local last = tonumber(redis.call('HGET', KEYS[2], 'token'))
  if not last then
    local time = redis.call('TIME')
    last = tonumber(time[1]) * 1000000 + tonumber(time[2])
  end
  local token = math.max(last, tonumber(ARGV[4] or 0)) + 1
  redis.call('HSET', KEYS[2], 'token', string.format('%.0f', token))
  redis.call('SET', KEYS[1], string.format('%.0f', token) .. ' ' .. claim, 'PX', ttl)
  return token
end

if held ~= claim then return 0 end
if op == 'renew' then return redis.call('PEXPIRE', KEYS[1], ttl) end
return redis.call('DEL', KEYS[1])
`,
};

export const missingScript: Script = {
  sha: "3960fe57b315736282901dcd5705be1d2a8769cc",
  source: `#!lua flags=no-writes
-- Answers how many of these events a shard does not know: those that append would add now.
--
-- KEYS   1..3 the dedup sets
-- ARGV   1 dedup window (s)  2 the events' dedup keys, KEY_LENGTH characters each, joined
-- Reply  their number
--
-- Why so: the dedup keys are written with what they stand for, so a server that has lost one has lost the other. The sets
-- are those that append asks.

local SLICE = 1000
local KEY_LENGTH = 16

local window, joined = tonumber(ARGV[1]), ARGV[2]
local period = math.floor(tonumber(redis.call('TIME')[1]) / window)
local current, previous = KEYS[1 + period % 3], KEYS[1 + (period + 2) % 3]
local ids, missing = {}, 0
for i = 1, #joined / KEY_LENGTH do ids[i] = string.sub(joined, (i - 1) * KEY_LENGTH + 1, i * KEY_LENGTH) end
for from = 1, #ids, SLICE do
  local to = math.min(from + SLICE - 1, #ids)
  local now = redis.call('SMISMEMBER', current, unpack(ids, from, to))
  local before = redis.call('SMISMEMBER', previous, unpack(ids, from, to))
  for i = 1, #now do
    if now[i] == 0 and before[i] == 0 then missing = missing + 1 end
  end
end
return missing
`,
};

export const parkScript: Script = {
  sha: "f9f61631291e0cff02deba7a2f235a15562482c3",
  source: `#!lua flags=allow-oom
-- Marks topics of the shard as parked, or as such no more.
--
-- KEYS   1 parked  2 lease
-- ARGV   1 the lease's value  2 "1" to begin, "0" to end  3.. topics
-- Reply  OK, or FENCED and nothing was done
--
-- Why so: the mark is set before the first event of a topic is put aside, so whoever takes the lease next knows by it, without
-- Postgres, that older events of the topic wait elsewhere. The field "*", which no topic is called, says that somebody has looked
-- whether there are any: an emptied Redis does not have it, and its owner asks Postgres before it relays anything.
-- The value is the time (ms) at which it began. allow-oom, since a topic that takes nothing is what fills a Redis.

if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 'FENCED' end
local time = redis.call('TIME')
local now = time[1] .. string.format('%03d', math.floor(tonumber(time[2]) / 1000))
if ARGV[2] == '1' then redis.call('HSETNX', KEYS[1], '*', now) end
for i = 3, #ARGV do
  if ARGV[2] == '1' then
    redis.call('HSETNX', KEYS[1], ARGV[i], now)
  else
    redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
return 'OK'
`,
};

export const relaysScript: Script = {
  sha: "c15d8d02cfa4c265e2dda39f7b2c438199bc9fad",
  source: `#!lua flags=allow-oom
-- Says that a relay lives on for a while, or no more, and answers who lives.
--
-- KEYS   1 relays
-- ARGV   1 owner  2 ttl (ms), 0 to withdraw
-- Reply  the live owners, in the order of their names
--
-- Why so: the score is the end of life by this server's clock, so that the relays' own clocks do not matter.
-- allow-oom, since relays must share the shards of a full Redis too.

local owner, ttl = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if ttl > 0 then
  redis.call('ZADD', KEYS[1], now + ttl, owner)
else
  redis.call('ZREM', KEYS[1], owner)
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local owners = redis.call('ZRANGE', KEYS[1], 0, -1)
table.sort(owners)
return owners
`,
};

export const settleScript: Script = {
  sha: "96210bc13caf1ce0e2adb1c164772519cf613df8",
  source: `#!lua flags=allow-oom
-- Removes entries whose events were all confirmed, dead-lettered or parked, and counts them, exactly once.
--
-- KEYS   1 stream  2 count  3 lease
-- ARGV   1 the lease's value  2 events relayed  3 events parked  4.. entries: the id, or the id, a space and the beginning of the chunk
-- Reply  OK, or FENCED and nothing was done
--
-- Why so: a settle that timed out may run late, when some of its entries are gone. So it counts what it removes, from
-- the entries themselves, never what it was told: accepted = relayed + dead + parked + what the stream holds, whatever
-- is repeated. What the caller says is relayed and parked are upper limits; the rest of the removed events is dead. An entry whose chunk begins in
-- another way is another one that got the same id after a failover, and stays. The number of its events stands twice in an
-- entry, and what append wrote is what counts: of a damaged one the number in "d", if that agrees with itself, else "n"; an
-- entry that append did not write counts nothing, since nothing was added for it. Fields go by their place, since a name can
-- be damaged, too. src/entry.ts reads in the same way.
-- allow-oom, since a full Redis must be one that can be emptied.

local SLICE = 1000

local relayed_max, parked_max = tonumber(ARGV[2]), tonumber(ARGV[3])
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 'FENCED' end

local function countOf(counted, doubled)
  if string.sub(doubled, -#counted - 1) ~= ':' .. counted then
    local total, again, skipped = string.match(doubled, '^(%d+):(%d+):([%d,]*):[a-z0-9]+:%d+$')
    local _, left = string.gsub(skipped or '', '%d+', '')
    if total and tonumber(total) == again + left then return tonumber(again) end
  end
  return tonumber(string.match(counted, '^(%d+):')) or 0
end

local events, bytes, present, taken = 0, 0, {}, {}
for i = 4, #ARGV do
  local id, mark = string.match(ARGV[i], '^(%S+) ?(.*)$')
  local found = not taken[id] and redis.call('XRANGE', KEYS[1], id, id)[1]
  local fields = found and found[2] or {}
  if found and string.sub(fields[2], 1, #mark) == mark then
    taken[id] = true
    present[#present + 1] = id
    local count = #fields == 6 and countOf(fields[4], fields[6]) or 0
    if count > 0 then events, bytes = events + count, bytes + #fields[2] end
  end
end
if #present == 0 then return 'OK' end

for from = 1, #present, SLICE do
  redis.call('XDEL', KEYS[1], unpack(present, from, math.min(from + SLICE - 1, #present)))
end
-- Never more than append has added and nobody has settled: without "count" (it was lost, or a hand wrote an entry as append
-- does) the shard would count a backlog below nothing, and never be full again.
local had = redis.call('HMGET', KEYS[2], 'accepted', 'relayed', 'dead', 'parked', 'bytes')
local function number(i) return tonumber(had[i]) or 0 end
events = math.max(0, math.min(events, number(1) - number(2) - number(3) - number(4)))
bytes = math.max(0, math.min(bytes, number(5)))
local relayed = math.min(relayed_max, events)
local parked = math.min(parked_max, events - relayed)
redis.call('HINCRBY', KEYS[2], 'relayed', relayed)
if parked > 0 then redis.call('HINCRBY', KEYS[2], 'parked', parked) end
redis.call('HINCRBY', KEYS[2], 'dead', events - relayed - parked)
redis.call('HINCRBY', KEYS[2], 'bytes', 0 - bytes) -- a negated zero would be sent as -0, which is no integer
return 'OK'
`,
};

export const usageScript: Script = {
  sha: "6cc6377a91d81151bbbd76250c18ceade5a69a72",
  source: `-- Tells what one edge sees of a producer, and answers what all edges do.
--
-- KEYS   1 usage, of the producer
-- ARGV   1 nonce  2 the edge  3 events a second  4 bytes a second  5 how long it counts (ms)
-- Reply  {nonce, edges, events a second, bytes a second} of all together
--
-- Why so: edges share a quota in the proportion of what comes to them, so all that they need is the sum. Each has a field of
-- its own, which the next one overwrites, so a lost or repeated call spoils nothing. What was told a while ago counts less
-- and less, as the edge itself would count it if nothing came any more (FADE is that of apps/edge/src/quota/demand.ts);
-- an edge that died is gone after a while, and the key with the last.

local FRESH, FADE = 200, 2000
local edge, ttl = ARGV[2], tonumber(ARGV[5])
local edges, events, bytes = 1, tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local told = redis.call('HGETALL', KEYS[1])
for i = 1, #told, 2 do
  local at, e, b = string.match(told[i + 1], '^(%d+) (%S+) (%S+)$')
  local age = at and now - tonumber(at) or ttl
  if told[i] ~= edge and age < ttl then
    local weight = math.exp(-math.max(0, age - FRESH) / FADE)
    edges, events, bytes = edges + 1, events + tonumber(e) * weight, bytes + tonumber(b) * weight
  elseif told[i] ~= edge then
    redis.call('HDEL', KEYS[1], told[i])
  end
end
redis.call('HSET', KEYS[1], edge, string.format('%.0f', now) .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
redis.call('PEXPIRE', KEYS[1], ttl)
return {ARGV[1], edges, string.format('%.3f', events), string.format('%.3f', bytes)}
`,
};
