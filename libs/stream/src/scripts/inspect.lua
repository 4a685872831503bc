#!lua flags=no-writes
-- Answers everything about shards, each as of one moment.
--
-- KEYS   of every shard: 1 stream  2 count  3 diverted  4 lease
-- Reply  of every shard {now (ms), oldest entry id or "", accepted, relayed, dead, backlog bytes, lease value or "", diverted value
--        or "", parked}, or {Redis's text}
--
-- Why so: read one by one, the numbers would contradict each other while the shard is busy. One call for all shards, since a
-- hosted Redis has each command paid for, and a dashboard looks all the time. An error of one shard stays its own.

local KEYS_EACH = 4

local function number(value) return tonumber(value) or 0 end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function inspect(first)
  local oldest = redis.call('XRANGE', KEYS[first], '-', '+', 'COUNT', 1)[1]
  local had = redis.call('HMGET', KEYS[first + 1], 'accepted', 'relayed', 'dead', 'bytes', 'parked')
  return {
    now,
    oldest and oldest[1] or '',
    number(had[1]),
    number(had[2]),
    number(had[3]),
    number(had[4]),
    redis.call('GET', KEYS[first + 3]) or '',
    redis.call('GET', KEYS[first + 2]) or '',
    number(had[5]),
  }
end

local replies = {}
for first = 1, #KEYS, KEYS_EACH do
  local done, reply = pcall(inspect, first)
  if not done then reply = {type(reply) == 'table' and reply.err or tostring(reply)} end
  replies[#replies + 1] = reply
end
return replies
