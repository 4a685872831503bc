#!lua flags=no-writes
-- Answers which topics of the shard are marked as parked, and which server this is.
--
-- KEYS   1 parked
-- Reply  {the server's run id and replication id, the fields of parked and their values in turn}
--
-- Why so: both as of one moment, and of one server. The field "*" names the server that was told all of them; another one has perhaps
-- lost some (look.lua says when the name changes).

local info = redis.pcall('INFO', 'server', 'replication')
local text = type(info) == 'string' and info or type(info) == 'table' and info.verbatim_string and info.verbatim_string.string or ''
local run, replication = string.match(text, 'run_id:(%w+)'), string.match(text, 'master_replid:(%w+)')
return {(run or '') .. ' ' .. (replication or ''), redis.call('HGETALL', KEYS[1])}
