#!lua flags=no-writes
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
