-- Adds one chunk of events to a shard's stream, without what was seen before, all or nothing.
--
-- KEYS   1 stream  2..4 the seen sets  5 count  6 fence  7 lease
-- ARGV   1 nonce  2 chunk (base64)  3 the events' dedup keys, 16 characters each, joined
--        4 seen window (s)  5 backlog events max  6 backlog bytes max
--        7 "" from an edge, or the lease's value from the drain, which passes the fence
-- Reply  {nonce, status, entry id, duplicates (csv of indexes), backlog events, backlog bytes}
--        OK, with no entry id when every event was a duplicate; FULL, FENCED, STALE: nothing was written
--
-- Why so: a seen set per window in three slots. The current and the previous one are asked, so that an id is
-- remembered for one to two windows; a set dies when its second window ends, a whole window before its slot is used
-- again. A chunk is opaque here, so a duplicate is named in field "s" rather than cut out. A stream that does not
-- exist begins a new epoch: counters that survived it would count a backlog that nobody can settle. The limits are
-- compared before the chunk is added, since a chunk larger than the limit would otherwise never fit. XADD is the
-- first write: without allow-oom it is where a full Redis refuses, before anything happened.

local SLICE = 1000 -- arguments to one command: unpack() ends at about 8000

local nonce, chunk, joined, holder = ARGV[1], ARGV[2], ARGV[3], ARGV[7]
local window, events_max, bytes_max = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local stream, count = KEYS[1], KEYS[5]

if holder == '' then
  if redis.call('EXISTS', KEYS[6]) == 1 then return {nonce, 'FENCED', '', '', 0, 0} end
elseif redis.call('GET', KEYS[7]) ~= holder then
  return {nonce, 'STALE', '', '', 0, 0}
end

local had = redis.call('HMGET', count, 'accepted', 'duplicate', 'relayed', 'dead', 'bytes', 'epoch')
local accepted, duplicate = tonumber(had[1]) or 0, tonumber(had[2]) or 0
local settled, bytes = (tonumber(had[3]) or 0) + (tonumber(had[4]) or 0), tonumber(had[5]) or 0
local backlog = math.max(accepted - settled, 0)
if (backlog >= events_max or bytes >= bytes_max) and redis.call('EXISTS', stream) == 1 then
  return {nonce, 'FULL', '', '', backlog, bytes}
end

local time = redis.call('TIME')
local period = math.floor(tonumber(time[1]) / window)
local current, previous = KEYS[2 + period % 3], KEYS[2 + (period + 2) % 3]

local total = #joined / 16
local ids, fresh, skipped, inside = {}, {}, {}, {}
for i = 1, total do ids[i] = string.sub(joined, i * 16 - 15, i * 16) end
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
  return {nonce, 'OK', '', skip, backlog, bytes}
end

local entry = {'*', 'c', chunk, 'n', #fresh}
if #skipped > 0 then
  entry[6] = 's'
  entry[7] = skip
end
local id = redis.call('XADD', stream, 'NOMKSTREAM', unpack(entry))
if not id or not had[6] then
  id = id or redis.call('XADD', stream, unpack(entry))
  accepted, duplicate, settled, bytes = 0, 0, 0, 0
  redis.call('HSET', count, 'epoch', time[1] .. string.format('%06d', time[2]), 'relayed', 0, 'dead', 0)
end

for from = 1, #fresh, SLICE do
  redis.call('SADD', current, unpack(fresh, from, math.min(from + SLICE - 1, #fresh)))
end
redis.call('PEXPIREAT', current, (period + 2) * window * 1000)
accepted, bytes = accepted + #fresh, bytes + #chunk
redis.call('HSET', count, 'accepted', accepted, 'duplicate', duplicate + #skipped, 'bytes', bytes)
return {nonce, 'OK', id, skip, math.max(accepted - settled, 0), bytes}
