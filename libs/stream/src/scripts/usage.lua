-- Tells what one edge sees of a producer, and answers what all edges do.
--
-- KEYS   1 usage, of the producer
-- ARGV   1 nonce  2 the edge  3 events a second  4 bytes a second  5 how long it counts (ms)
-- Reply  {nonce, edges, events a second, bytes a second} of all together
--
-- Why so: edges share a quota in the proportion of what comes to them, so all that they need is the sum. Each has a field of
-- its own, which the next one overwrites, so a lost or repeated call spoils nothing. What was told a while ago counts less
-- and less, as the edge itself would count it if nothing came any more (FADE is that of apps/edge/src/quota/demand.ts);
-- an edge that died is gone after a while, and the key with the last.

local FRESH, FADE = 200, 2000
local edge, ttl = ARGV[2], tonumber(ARGV[5])
local edges, events, bytes = 1, tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local told = redis.call('HGETALL', KEYS[1])
for i = 1, #told, 2 do
  local at, e, b = string.match(told[i + 1], '^(%d+) (%S+) (%S+)$')
  local age = at and now - tonumber(at) or ttl
  if told[i] ~= edge and age < ttl then
    local weight = math.exp(-math.max(0, age - FRESH) / FADE)
    edges, events, bytes = edges + 1, events + tonumber(e) * weight, bytes + tonumber(b) * weight
  elseif told[i] ~= edge then
    redis.call('HDEL', KEYS[1], told[i])
  end
end
redis.call('HSET', KEYS[1], edge, string.format('%.0f', now) .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
redis.call('PEXPIRE', KEYS[1], ttl)
return {ARGV[1], edges, string.format('%.3f', events), string.format('%.3f', bytes)}
