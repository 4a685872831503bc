#!lua flags=allow-oom
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
