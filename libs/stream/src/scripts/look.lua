#!lua flags=no-writes
-- Answers what a relay follows of its shards: their counters and diversions, and which server this is.
--
-- KEYS   of every shard: 1 stream  2 count  3 diverted
-- Reply  {the server's run id and replication id}, then of every shard
--        {OK, whether the stream exists, its entries, the fields of count and their values in turn, the stamp or ""},
--        or {ERROR, Redis's text}
--
-- Why so: one call for all shards, since a hosted Redis has each command paid for, and a relay without anything to do asks again and
-- again. All of a shard is of one moment: that a stream is empty says that all its writers' events have left it only if their totals
-- are of the same moment. Who asks may have another connection than before and not know it: a restart and a failover change the run id,
-- a server that was made another's replica for a while the replication id, and an emptied one the epoch. Where INFO is forbidden the
-- server has no name. An error of one shard stays its own.

local KEYS_EACH = 3

local function look(first)
  local stream, count, diverted = KEYS[first], KEYS[first + 1], KEYS[first + 2]
  return {
    'OK',
    redis.call('EXISTS', stream),
    redis.call('XLEN', stream),
    redis.call('HGETALL', count),
    redis.call('GET', diverted) or '',
  }
end

local info = redis.pcall('INFO', 'server', 'replication')
local text = type(info) == 'string' and info or type(info) == 'table' and info.verbatim_string and info.verbatim_string.string or ''
local run, replication = string.match(text, 'run_id:(%w+)'), string.match(text, 'master_replid:(%w+)')
local replies = {(run or '') .. ' ' .. (replication or '')}
for first = 1, #KEYS, KEYS_EACH do
  local done, reply = pcall(look, first)
  if not done then reply = {'ERROR', type(reply) == 'table' and reply.err or tostring(reply)} end
  replies[#replies + 1] = reply
end
return replies
