#!lua flags=allow-oom
-- Begins or ends the diversion, which sends every edge's appends for this shard to the outbox.
--
-- KEYS   1 diverted  2 lease
-- ARGV   1 the lease's value  2 "1" to begin, "0" to end
-- Reply  OK, or FENCED and nothing was done
--
-- Why so: a diversion has no expiry. It says that the outbox holds older events of this shard, which stays true when
-- every relay is dead; if it ended by itself, newer events would overtake them. It is the next owner that ends it, and
-- its value is the time (ms) at which it began, so that a diversion that lasts is seen.
-- allow-oom, since order matters most when the stream is full.

if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 'FENCED' end
if ARGV[2] == '1' then
  local time = redis.call('TIME')
  redis.call('SET', KEYS[1], time[1] .. string.format('%03d', math.floor(tonumber(time[2]) / 1000)), 'NX')
else
  redis.call('DEL', KEYS[1])
end
return 'OK'
