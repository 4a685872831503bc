#!lua flags=allow-oom
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
