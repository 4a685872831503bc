#!lua flags=no-writes
-- Answers what a shard knows of one event.
--
-- KEYS   1 stream  2..4 the dedup hashes  5 count
-- ARGV   1 nonce  2 dedup window (s)  3 the event's dedup key  4 the caller's installation
-- Reply  {nonce, HELD, entry id, the beginning of its chunk (base64)}: it is in that entry
--        {nonce, LEFT, entry id, ""}: it was, and that is settled
--        {nonce, ABSENT, since when (ms) it would be known, or "" where nothing is remembered, ""}
--        {nonce, FOREIGN, "", ""}: the shard is of another installation
--
-- Why so: append writes what an event is known by and where it is in one step, so who is known and not in its entry any more was
-- settled. The hashes are those that append asks. The chunk stays here, but for its flags. Work does not grow with the backlog.

local KEPT = 4 -- of base64: version and flags

local function unpacked(place)
  local ms = 0
  for i = 1, 6 do ms = ms * 256 + string.byte(place, i) end
  return string.format('%.0f', ms) .. '-' .. string.sub(place, 7)
end

local nonce, window, key = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local had = redis.call('HMGET', KEYS[5], 'installation', 'epoch')
if had[1] and had[1] ~= ARGV[4] then return {nonce, 'FOREIGN', '', ''} end
local period = math.floor(tonumber(redis.call('TIME')[1]) / window)
local place = redis.call('HGET', KEYS[2 + period % 3], key) or redis.call('HGET', KEYS[2 + (period + 2) % 3], key)
if not place then
  local born = had[2] and math.floor(tonumber(had[2]) / 1000)
  local since = born and string.format('%.0f', math.max(born, (period - 1) * window * 1000)) or ''
  return {nonce, 'ABSENT', since, ''}
end
local id = unpacked(place)
local found = redis.call('XRANGE', KEYS[1], id, id)[1]
if not found then return {nonce, 'LEFT', id, ''} end
return {nonce, 'HELD', id, string.sub(found[2][2] or '', 1, KEPT)}
