#!lua flags=allow-oom
-- Takes, renews or releases the lease of a shard.
--
-- KEYS   1 lease  2 count
-- ARGV   1 take | renew | release  2 take: the owner; else the lease's value  3 ttl (ms), not for release
--        4 take: a token that the new one must be above, if any
-- Reply  take: the new token, or 0 when another owner holds it; renew, release: 1, or 0 when the lease is not held
--
-- Why so: the lease is a string "token owner" with an expiry, so that every other script checks it with one GET. The
-- token is counted in the count hash, which no lease outlives, and starts at the server's microseconds, so that it
-- mostly grows across an emptied Redis too. What it was emptied into may have its clock behind, or have gone back to an
-- earlier count: so whoever takes it names the highest token that it knows of, and gets one above. Who takes a lease that
-- it holds already gets a new token, which fences its own earlier life.
-- allow-oom, since a full Redis would otherwise deadlock: nobody could take the lease to empty it.

local op, claim, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3])
local held = redis.call('GET', KEYS[1])

if op == 'take' then
  if held and string.sub(held, string.find(held, ' ', 1, true) + 1) ~= claim then return 0 end
  local last = tonumber(redis.call('HGET', KEYS[2], 'token'))
  if not last then
    local time = redis.call('TIME')
    last = tonumber(time[1]) * 1000000 + tonumber(time[2])
  end
  local token = math.max(last, tonumber(ARGV[4] or 0)) + 1
  redis.call('HSET', KEYS[2], 'token', string.format('%.0f', token))
  redis.call('SET', KEYS[1], string.format('%.0f', token) .. ' ' .. claim, 'PX', ttl)
  return token
end

if held ~= claim then return 0 end
if op == 'renew' then return redis.call('PEXPIRE', KEYS[1], ttl) end
return redis.call('DEL', KEYS[1])
