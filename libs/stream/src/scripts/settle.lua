#!lua flags=allow-oom
-- Removes entries whose events were all confirmed or dead-lettered, and counts them, exactly once.
--
-- KEYS   1 stream  2 count  3 lease
-- ARGV   1 the lease's value  2 events relayed  3.. entries: the id, or the id, a space and the beginning of the chunk
-- Reply  OK, or FENCED and nothing was done
--
-- Why so: a settle that timed out may run late, when some of its entries are gone. So it counts what it removes, from
-- the entries themselves, never what it was told: accepted = relayed + dead + pending holds whatever is repeated. What
-- the caller says is relayed is an upper limit; the rest of the removed events is dead. An entry whose chunk begins in
-- another way is another one that got the same id after a failover, and stays.
-- allow-oom, since a full Redis must be one that can be emptied.

local SLICE = 1000

local relayed_max = tonumber(ARGV[2])
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 'FENCED' end

local events, bytes, present, taken = 0, 0, {}, {}
for i = 3, #ARGV do
  local id, mark = string.match(ARGV[i], '^(%S+) ?(.*)$')
  local found = not taken[id] and redis.call('XRANGE', KEYS[1], id, id)[1]
  local fields = found and found[2] or {}
  local count, chunk = 0, ''
  for at = 1, #fields, 2 do
    if fields[at] == 'n' then count = tonumber(fields[at + 1]) or 0 end
    if fields[at] == 'c' then chunk = fields[at + 1] end
  end
  if found and string.sub(chunk, 1, #mark) == mark then
    taken[id] = true
    present[#present + 1] = id
    events, bytes = events + count, bytes + #chunk
  end
end
if #present == 0 then return 'OK' end

for from = 1, #present, SLICE do
  redis.call('XDEL', KEYS[1], unpack(present, from, math.min(from + SLICE - 1, #present)))
end
local relayed = math.min(relayed_max, events)
redis.call('HINCRBY', KEYS[2], 'relayed', relayed)
redis.call('HINCRBY', KEYS[2], 'dead', events - relayed)
redis.call('HINCRBY', KEYS[2], 'bytes', 0 - bytes) -- a negated zero would be sent as -0, which is no integer
return 'OK'
