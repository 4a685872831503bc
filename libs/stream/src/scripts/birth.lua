#!lua flags=no-writes
-- Answers which server this is, and the epoch of the shard: with another answer than before, something may be missing.
--
-- KEYS   1 count
-- Reply  {the server's run id and replication id, epoch or ""}
--
-- Why so: who asks may have another connection than before and not know it. A restart and a failover change the run id, a
-- server that was made another's replica for a while the replication id, and an emptied one the epoch. Where INFO is forbidden the
-- server has no name.

local info = redis.pcall('INFO', 'server', 'replication')
local text = type(info) == 'string' and info or type(info) == 'table' and info.verbatim_string and info.verbatim_string.string or ''
local run, replication = string.match(text, 'run_id:(%w+)'), string.match(text, 'master_replid:(%w+)')
return {(run or '') .. ' ' .. (replication or ''), redis.call('HGET', KEYS[1], 'epoch') or ''}
