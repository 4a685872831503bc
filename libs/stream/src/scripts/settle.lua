#!lua flags=allow-oom
-- Removes entries whose events were all confirmed, dead-lettered or parked, and counts them, exactly once.
--
-- KEYS   1 stream  2 count  3 lease
-- ARGV   1 the lease's value  2 events relayed  3 events parked  4.. entries: the id, or the id, a space and the beginning of the chunk
-- Reply  OK, or FENCED and nothing was done
--
-- Why so: a settle that timed out may run late, when some of its entries are gone. So it counts what it removes, from
-- the entries themselves, never what it was told: accepted = relayed + dead + parked + what the stream holds, whatever
-- is repeated. What the caller says is relayed and parked are upper limits; the rest of the removed events is dead. An entry whose chunk begins in
-- another way is another one that got the same id after a failover, and stays. The number of its events stands twice in an
-- entry, and what append wrote is what counts: of a damaged one the number in "d", if that agrees with itself, else "n"; an
-- entry that append did not write counts nothing, since nothing was added for it. Fields go by their place, since a name can
-- be damaged, too. src/entry.ts reads in the same way.
-- allow-oom, since a full Redis must be one that can be emptied.

local SLICE = 1000

local relayed_max, parked_max = tonumber(ARGV[2]), tonumber(ARGV[3])
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 'FENCED' end

local function countOf(counted, doubled)
  if string.sub(doubled, -#counted - 1) ~= ':' .. counted then
    local total, again, skipped = string.match(doubled, '^(%d+):(%d+):([%d,]*):[a-z0-9]+:%d+[a-z0-9.,:-]*$')
    local _, left = string.gsub(skipped or '', '%d+', '')
    if total and tonumber(total) == again + left then return tonumber(again) end
  end
  return tonumber(string.match(counted, '^(%d+):')) or 0
end

local events, bytes, present, taken = 0, 0, {}, {}
for i = 4, #ARGV do
  local id, mark = string.match(ARGV[i], '^(%S+) ?(.*)$')
  local found = not taken[id] and redis.call('XRANGE', KEYS[1], id, id)[1]
  local fields = found and found[2] or {}
  if found and string.sub(fields[2], 1, #mark) == mark then
    taken[id] = true
    present[#present + 1] = id
    local count = #fields == 6 and countOf(fields[4], fields[6]) or 0
    if count > 0 then events, bytes = events + count, bytes + #fields[2] end
  end
end
if #present == 0 then return 'OK' end

for from = 1, #present, SLICE do
  redis.call('XDEL', KEYS[1], unpack(present, from, math.min(from + SLICE - 1, #present)))
end
-- Never more than append has added and nobody has settled: without "count" (it was lost, or a hand wrote an entry as append
-- does) the shard would count a backlog below nothing, and never be full again.
local had = redis.call('HMGET', KEYS[2], 'accepted', 'relayed', 'dead', 'parked', 'bytes')
local function number(i) return tonumber(had[i]) or 0 end
events = math.max(0, math.min(events, number(1) - number(2) - number(3) - number(4)))
bytes = math.max(0, math.min(bytes, number(5)))
local relayed = math.min(relayed_max, events)
local parked = math.min(parked_max, events - relayed)
redis.call('HINCRBY', KEYS[2], 'relayed', relayed)
if parked > 0 then redis.call('HINCRBY', KEYS[2], 'parked', parked) end
redis.call('HINCRBY', KEYS[2], 'dead', events - relayed - parked)
redis.call('HINCRBY', KEYS[2], 'bytes', 0 - bytes) -- a negated zero would be sent as -0, which is no integer
return 'OK'
