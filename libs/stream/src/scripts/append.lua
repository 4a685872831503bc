-- Adds chunks of events to the streams of their shards, each without the duplicates, each all or nothing.
--
-- KEYS   of every chunk: 1 stream  2..4 the dedup sets  5 count  6 diverted  7 lease
-- ARGV   1 nonce  2 dedup window (s)  3 backlog events max  4 backlog bytes max
--        5 "" from an edge, or the lease's value from the drain, which passes the diversion
--        6 the caller's installation  7 "1" when it has just read that this Redis is of it, else ""
--        and of every chunk: the chunk (base64), its events' dedup keys, KEY_LENGTH characters each, joined
-- Reply  of every chunk {nonce.n, status, entry id, duplicates (csv of indexes)}, n from 1
--        OK, with no entry id when every event was a duplicate; FULL, DIVERTED, FENCED: nothing was written;
--        UNAGREED: nothing was written, ask whose this Redis is and call again;
--        ERROR, with Redis's text in the place of the entry id
--
-- Why so: one call for all shards, since each call costs the REST server and Redis 40 us before its first event. An error
-- of one shard stays its own. A dedup set per window in three slots. The current and the previous one are asked, so
-- that an id is remembered for one to two windows; a set dies when its second window ends, a whole window before its
-- slot is used again. A chunk is opaque here, so a duplicate is named in field "n" rather than cut out: "2:0,3" counts
-- two events, and skips the first and the fourth. No checksum but the chunk's own is in an entry, and an AOF has none: so
-- what "n" says stands once more in "d", behind the number of events that the chunk must hold, "4:2:0,3". One damaged byte is
-- seen by that and spoils no count (S2). A stream that does not
-- exist begins a new epoch: counters that survived it would count a backlog that nobody can settle. The
-- limits are compared before the chunk is added, since a chunk larger than the limit would otherwise never fit. XADD is
-- the first write: without allow-oom it is where a full Redis refuses, before anything happened. Whose this Redis is stands in
-- a key of another slot, so each shard remembers whose it was filled as: an edge whose REST server suddenly stands before
-- another Redis, or an emptied one, finds another installation there or none, and asks before it writes anything.

local SLICE = 1000 -- arguments to one command: unpack() ends at about 8000
local KEYS_EACH = 7
local KEY_LENGTH = 16 -- of a dedup key; DIGEST96_LENGTH in libs/event, which a test compares

local window, events_max, bytes_max = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local lease, installation, asked = ARGV[5], ARGV[6], ARGV[7] == '1'
local time = redis.call('TIME')
local period = math.floor(tonumber(time[1]) / window)

local function append(nonce, first, chunk, joined)
  local stream, count = KEYS[first], KEYS[first + 4]
  if lease == '' then
    if redis.call('EXISTS', KEYS[first + 5]) == 1 then return {nonce, 'DIVERTED', '', ''} end
  elseif redis.call('GET', KEYS[first + 6]) ~= lease then
    return {nonce, 'FENCED', '', ''}
  end

  local had = redis.call('HMGET', count, 'accepted', 'duplicate', 'relayed', 'dead', 'bytes', 'epoch', 'installation', 'parked')
  local isAgreed = had[7] == installation
  if not isAgreed and not asked then return {nonce, 'UNAGREED', '', ''} end
  local accepted, duplicate = tonumber(had[1]) or 0, tonumber(had[2]) or 0
  local settled = (tonumber(had[3]) or 0) + (tonumber(had[4]) or 0) + (tonumber(had[8]) or 0)
  local bytes = tonumber(had[5]) or 0
  if (accepted - settled >= events_max or bytes >= bytes_max) and redis.call('EXISTS', stream) == 1 then
    return {nonce, 'FULL', '', ''}
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
    return {nonce, 'OK', '', skip}
  end

  local counted = #fresh .. ':' .. skip
  local entry = {'*', 'c', chunk, 'n', counted, 'd', total .. ':' .. counted}
  local id = redis.call('XADD', stream, 'NOMKSTREAM', unpack(entry))
  if not id or not had[6] then
    id = id or redis.call('XADD', stream, unpack(entry))
    accepted, duplicate, bytes = 0, 0, 0
    redis.call('HSET', count, 'epoch', time[1] .. string.format('%06d', time[2]), 'relayed', 0, 'dead', 0, 'parked', 0)
  end

  for from = 1, #fresh, SLICE do
    redis.call('SADD', current, unpack(fresh, from, math.min(from + SLICE - 1, #fresh)))
  end
  redis.call('PEXPIREAT', current, (period + 2) * window * 1000)
  accepted, bytes = accepted + #fresh, bytes + #chunk
  redis.call('HSET', count, 'accepted', accepted, 'duplicate', duplicate + #skipped, 'bytes', bytes)
  if not isAgreed then redis.call('HSET', count, 'installation', installation) end
  return {nonce, 'OK', id, skip}
end

local replies = {}
for n = 1, #KEYS / KEYS_EACH do
  local nonce = ARGV[1] .. '.' .. n
  local done, reply = pcall(append, nonce, (n - 1) * KEYS_EACH + 1, ARGV[6 + 2 * n], ARGV[7 + 2 * n])
  if not done then
    local text = type(reply) == 'table' and reply.err or tostring(reply)
    reply = {nonce, 'ERROR', text, ''}
  end
  replies[n] = reply
end
return replies
