#!lua flags=no-writes
-- Answers everything about one shard, as of one moment.
--
-- KEYS   1 stream  2..4 the dedup sets  5 count  6 diverted  7 lease
-- Reply  {now (ms), entries, oldest entry id or "", epoch or "", accepted, duplicate, relayed, dead, backlog bytes,
--         lease value or "", lease ttl (ms), diverted value or "", dedup keys}
--
-- Why so: read one by one, the numbers would contradict each other while the shard is busy.

local function number(value) return tonumber(value) or 0 end

local time = redis.call('TIME')
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local had = redis.call('HMGET', KEYS[5], 'epoch', 'accepted', 'duplicate', 'relayed', 'dead', 'bytes')
return {
  tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000),
  redis.call('XLEN', KEYS[1]),
  oldest and oldest[1] or '',
  had[1] or '',
  number(had[2]),
  number(had[3]),
  number(had[4]),
  number(had[5]),
  number(had[6]),
  redis.call('GET', KEYS[7]) or '',
  redis.call('PTTL', KEYS[7]),
  redis.call('GET', KEYS[6]) or '',
  redis.call('SCARD', KEYS[2]) + redis.call('SCARD', KEYS[3]) + redis.call('SCARD', KEYS[4]),
}
