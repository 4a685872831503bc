#!lua flags=no-writes
-- Answers how many of these events a shard does not know: those that append would add now.
--
-- KEYS   1..3 the dedup hashes
-- ARGV   1 dedup window (s)  2 the events' dedup keys, KEY_LENGTH characters each, joined
-- Reply  their number
--
-- Why so: the dedup keys are written with what they stand for, so a server that has lost one has lost the other. The hashes
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
  local now = redis.call('HMGET', current, unpack(ids, from, to))
  local before = redis.call('HMGET', previous, unpack(ids, from, to))
  for i = 1, #now do
    if not now[i] and not before[i] then missing = missing + 1 end
  end
end
return missing
