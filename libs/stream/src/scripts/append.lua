-- Adds chunks of events to the streams of their shards, each without the duplicates, each all or nothing.
--
-- KEYS   of every chunk: 1 stream  2..4 the dedup hashes  5 count  6 diverted  7 lease
-- ARGV   1 nonce  2 dedup window (s)  3 backlog events max  4 backlog bytes max
--        5 "" from an edge, or the lease's value from the drain, which passes the diversion
--        6 the caller's installation  7 "1" when it has just read that this Redis is of it, else ""
--        and of every chunk: the chunk (base64), its events' dedup keys, KEY_LENGTH characters each, joined,
--        the writer, its floor: how many of its events it knows this shard to have had, and of a chunk made of rows of the
--        outbox whose they are, in the order of the events (csv of writer.total.events; "-": nobody's), else ""
-- Reply  of every chunk {nonce.n, status, entry id, duplicates (csv of indexes), totals (csv of writer:total)}, n from 1
--        OK, with no entry id when every event was a duplicate; FULL, DIVERTED, FENCED: nothing was written;
--        UNAGREED: nothing was written, ask whose this Redis is and call again;
--        BEHIND: nothing was written, the shard has had fewer events of the writer than its floor;
--        ERROR, with Redis's text in the place of the entry id
--
-- Why so: one call for all shards, since each call costs the REST server and Redis 40 us before its first event. An error
-- of one shard stays its own. A dedup hash per window in three slots. The current and the previous one are asked, so
-- that an id is remembered for one to two windows, with the entry that it is in, which find.lua asks for; a hash dies when its second window ends, a whole window before its
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
-- a duplicate all totals are answered, since nobody knows who appended its first copy. Postgres may go back as well and forget that
-- it has had rows of the outbox and that they were brought here: so "o:<writer>" says of their writers how far that is, and the
-- end of "n" which rows an entry is of, for whoever sees it to its end: when Redis is lost as well nobody else would know.
-- What fails after XADD (an ACL without a command, a record at a hosted Redis's limit) takes the entry with it: one that is not counted
-- is relayed, and its events come out once more from the outbox. So all that is counted is the last command, and one.

local SLICE = 1000 -- arguments to one command: unpack() ends at about 8000
local KEYS_EACH = 7
local HEAD, VALUES_EACH = 7, 5 -- arguments before those of the chunks, and of each
local KEY_LENGTH = 16 -- of a dedup key; DIGEST96_LENGTH in libs/event, which a test compares

local window, events_max, bytes_max = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local lease, installation, asked = ARGV[5], ARGV[6], ARGV[7] == '1'
local time = redis.call('TIME')
local period = math.floor(tonumber(time[1]) / window)

-- An entry's id in few bytes: of the hash that remembers it 16 an event instead of 32 (S4). unpacked() in find.lua.
local function packed(id)
  local ms, sequence = string.match(id, '^(%d+)-(%d+)$')
  local left, bytes = tonumber(ms), {}
  for i = 6, 1, -1 do
    bytes[i] = string.char(left % 256)
    left = math.floor(left / 256)
  end
  return table.concat(bytes) .. sequence
end

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

-- Adds to the fields that are to be set how far the rows' writers are in.
local function bring(count, rows, fields)
  for writer, total in string.gmatch(rows, '(%w+)%.(%d+)%.') do
    if tonumber(total) > (tonumber(redis.call('HGET', count, 'o:' .. writer)) or 0) then
      fields[#fields + 1] = 'o:' .. writer
      fields[#fields + 1] = total
    end
  end
end

-- Which entry these ids are in.
local function remember(dedup, ids, place)
  for from = 1, #ids, SLICE do
    local fields = {}
    for i = from, math.min(from + SLICE - 1, #ids) do
      fields[#fields + 1] = ids[i]
      fields[#fields + 1] = place
    end
    redis.call('HSET', dedup, unpack(fields))
  end
end

local function forget(dedup, ids)
  for from = 1, #ids, SLICE do redis.call('HDEL', dedup, unpack(ids, from, math.min(from + SLICE - 1, #ids))) end
end

-- As it was before: what cannot be counted must not be relayed. A stream that was not there is not there again, or the counters
-- that survived it would count for it.
local function undo(stream, id, isBorn, dedup, fresh)
  if isBorn then redis.pcall('DEL', stream) else redis.pcall('XDEL', stream, id) end
  pcall(forget, dedup, fresh)
end

local function append(nonce, first, chunk, joined, writer, floor, rows)
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
    local now = redis.call('HMGET', current, unpack(ids, from, to))
    local before = redis.call('HMGET', previous, unpack(ids, from, to))
    for i = from, to do
      local id = ids[i]
      if now[i - from + 1] or before[i - from + 1] or inside[id] then
        skipped[#skipped + 1] = i - 1
      else
        inside[id] = true
        fresh[#fresh + 1] = id
      end
    end
  end

  local skip = table.concat(skipped, ',')
  if #fresh == 0 then
    local fields = {'duplicate', duplicate + total, 'installation', installation}
    bring(count, rows, fields)
    redis.call('HSET', count, unpack(fields))
    return {nonce, 'OK', '', skip, totals_of(count)}
  end

  written = written + #fresh
  local total_of_mine = writer .. ':' .. written
  local counted = #fresh .. ':' .. skip .. ':' .. total_of_mine .. (rows == '' and '' or ':' .. rows)
  local entry = {'*', 'c', chunk, 'n', counted, 'd', total .. ':' .. counted}
  local id = redis.call('XADD', stream, 'NOMKSTREAM', unpack(entry))
  if not id and floor > 0 then return {nonce, 'BEHIND', '', '', ''} end
  local isBorn = not id
  id = id or redis.call('XADD', stream, unpack(entry))

  local done, failure = pcall(function()
    local fields = {mine, written, 'installation', installation}
    if isBorn or not had[6] then
      accepted, duplicate, bytes = 0, 0, 0
      forget_writers(count)
      local epoch = time[1] .. string.format('%06d', time[2])
      for _, one in ipairs({'epoch', epoch, 'relayed', 0, 'dead', 0, 'parked', 0}) do fields[#fields + 1] = one end
    end
    remember(current, fresh, packed(id))
    redis.call('PEXPIREAT', current, (period + 2) * window * 1000)
    bring(count, rows, fields)
    redis.call(
      'HSET', count, 'accepted', accepted + #fresh, 'duplicate', duplicate + #skipped, 'bytes', bytes + #chunk, unpack(fields)
    )
  end)
  if not done then
    undo(stream, id, isBorn, current, fresh)
    error(failure, 0)
  end
  return {nonce, 'OK', id, skip, #skipped > 0 and totals_of(count) or total_of_mine}
end

local replies = {}
for n = 1, #KEYS / KEYS_EACH do
  local nonce = ARGV[1] .. '.' .. n
  local at = HEAD + (n - 1) * VALUES_EACH
  local floor = tonumber(ARGV[at + 4])
  local done, reply = pcall(
    append, nonce, (n - 1) * KEYS_EACH + 1, ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], floor, ARGV[at + 5]
  )
  if not done then
    local text = type(reply) == 'table' and reply.err or tostring(reply)
    reply = {nonce, 'ERROR', text, '', ''}
  end
  replies[n] = reply
end
return replies
