#!lua flags=allow-oom
-- Begins, renews or ends the diversion, which sends every edge's appends for this shard to the outbox.
--
-- KEYS   1 diverted  2 lease  3 count
-- ARGV   1 begin (the drain) | raise (an edge) | end (the drain)
--        2 begin, end: the lease's value; raise: the caller's installation
--        3 begin, raise: a nonce; end: the stamp that is to end
--        4 raise: "1" when the caller has just read that this Redis is of its installation, else ""
-- Reply  {status, stamp}: OK and the stamp that stands now, "" for none; RENEWED and the other stamp that stands: it was not
--        ended; FENCED, UNAGREED (as append says it): nothing was done
--
-- Why so: a diversion has no expiry. It says that the outbox holds older events of this shard, which stays true when
-- every relay is dead; if it ended by itself, newer events would overtake them. Only an owner ends it, after it has read
-- the stamp and then the outbox empty. An edge that has recorded something in the outbox raises it, before it says so, and
-- each time the stamp is a new one: so a diversion is not ended by an owner that looked into the outbox before, nor by
-- an end that comes late. The stamp is the time (ms) at which it began, so that a diversion that lasts is seen, and the
-- nonce. An edge raises nothing in another installation's Redis; whose it is stands beside the counters, as for append.
-- allow-oom, since order matters most when the stream is full.

local op, claim = ARGV[1], ARGV[2]
local stamp = redis.call('GET', KEYS[1])

if op == 'raise' then
  if ARGV[4] ~= '1' and redis.call('HGET', KEYS[3], 'installation') ~= claim then return {'UNAGREED', ''} end
elseif redis.call('GET', KEYS[2]) ~= claim then
  return {'FENCED', ''}
end

if op == 'end' then
  if stamp and stamp ~= ARGV[3] then return {'RENEWED', stamp} end
  redis.call('DEL', KEYS[1])
  return {'OK', ''}
end

local since = stamp and string.match(stamp, '^%d+')
if not since then
  local time = redis.call('TIME')
  since = time[1] .. string.format('%03d', math.floor(tonumber(time[2]) / 1000))
end
stamp = since .. ' ' .. ARGV[3]
redis.call('SET', KEYS[1], stamp)
return {'OK', stamp}
