#!lua flags=no-writes
-- Answers how many events of a shard's stream are before an entry.
--
-- KEYS   1 stream  2 count
-- ARGV   1 nonce  2 entry id  3 bytes of entries to look at, at most, from each end
-- Reply  {nonce, at least so many, at most so many}; {nonce, -1, -1}: the entry is not there any more
--
-- Why so: a stream does not know the place of an entry, so entries are counted: from the oldest to it, and where those are too many from the
-- newest back to it, since the counters know how many events there are in all. An event that somebody asks for is often among the last.

local PART = 8 -- entries of one step: a chunk may have a megabyte
local ENTRY = 64 -- bytes that an entry counts beside its chunk, so that damaged ones end, too

local nonce, id, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])

local function eventsOf(entry)
  return tonumber(string.match(entry[2][4] or '', '^(%d+)')) or 0
end

-- Events strictly between the end that `command` begins at and the entry, and whether those are all.
local function count(command, from)
  local events, bytes = 0, 0
  while bytes < limit do
    local part = redis.call(command, KEYS[1], from, '(' .. id, 'COUNT', PART)
    for _, entry in ipairs(part) do
      events = events + eventsOf(entry)
      bytes = bytes + ENTRY + #(entry[2][2] or '')
    end
    if #part < PART then return events, true end
    from = '(' .. part[#part][1]
  end
  return events, false
end

local own = redis.call('XRANGE', KEYS[1], id, id)[1]
if not own then return {nonce, -1, -1} end
local before, isAll = count('XRANGE', '-')
if isAll then return {nonce, before, before} end
local had = redis.call('HMGET', KEYS[2], 'accepted', 'relayed', 'dead', 'parked')
local function number(at) return tonumber(had[at]) or 0 end
local after, isRest = count('XREVRANGE', '+')
local most = math.max(before, number(1) - number(2) - number(3) - number(4) - eventsOf(own) - after)
if isRest then return {nonce, most, most} end
return {nonce, before, most}
