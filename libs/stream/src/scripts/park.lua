#!lua flags=allow-oom
-- Marks topics of the shard as parked, or as such no more.
--
-- KEYS   1 parked  2 lease
-- ARGV   1 the lease's value  2 begin | all | end  3.. topics
-- Reply  OK, or FENCED and nothing was done
--
-- Why so: the mark is set before the first event of a topic is put aside, so whoever takes the lease next knows by it, without
-- Postgres, that older events of the topic wait elsewhere. The field "*", which no topic is called, names the server that an owner
-- has told all of them (as in marks.lua): an emptied Redis does not have it, and a server that took the place of another, or came
-- back older, has it of that one. Then some may be missing, and the owner asks Postgres before it relays anything.
-- The value is the time (ms) at which it began. allow-oom, since a topic that takes nothing is what fills a Redis.

if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 'FENCED' end
local time = redis.call('TIME')
local now = time[1] .. string.format('%03d', math.floor(tonumber(time[2]) / 1000))
for i = 3, #ARGV do
  if ARGV[2] == 'end' then
    redis.call('HDEL', KEYS[1], ARGV[i])
  else
    redis.call('HSETNX', KEYS[1], ARGV[i], now)
  end
end
if ARGV[2] == 'all' then
  local info = redis.pcall('INFO', 'server', 'replication')
  local text = type(info) == 'string' and info or type(info) == 'table' and info.verbatim_string and info.verbatim_string.string or ''
  local run, replication = string.match(text, 'run_id:(%w+)'), string.match(text, 'master_replid:(%w+)')
  redis.call('HSET', KEYS[1], '*', (run or '') .. ' ' .. (replication or ''))
end
return 'OK'
