#!lua flags=allow-oom
-- Renews leases, and says that their relay lives on.
--
-- KEYS   1 relays  2.. leases
-- ARGV   1 owner, or "": it says nothing of itself  2 its ttl (ms); of every lease its value and its ttl
-- Reply  the live owners, in the order of their names; then of every lease 1, or 0 when it is not held
--
-- Why so: what relays.lua and lease.lua do, for all shards in one call: a relay does it several times in a lease's time, with or
-- without events, and a hosted Redis has each command paid for.
-- allow-oom, as these have it.

local owner, owners = ARGV[1], {}
if owner ~= '' then
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), owner)
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
  owners = redis.call('ZRANGE', KEYS[1], 0, -1)
  table.sort(owners)
end
local replies = {owners}
for i = 2, #KEYS do
  local value, ttl = ARGV[2 * i - 1], ARGV[2 * i]
  replies[i] = redis.call('GET', KEYS[i]) == value and redis.call('PEXPIRE', KEYS[i], ttl) or 0
end
return replies
