#!lua flags=allow-oom
-- Forgets the totals of writers that append no more, to the stream or to the outbox.
--
-- KEYS   1 count  2 lease
-- ARGV   1 the lease's value  2.. writers
-- Reply  OK, or FENCED and nothing was done
--
-- Why so: each life of an edge is another writer, so their fields would grow for ever. A writer that was forgotten and is not
-- dead after all finds fewer events than its floor, and goes on under another id.

if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 'FENCED' end
for i = 2, #ARGV do redis.call('HDEL', KEYS[1], 'w:' .. ARGV[i], 'o:' .. ARGV[i]) end
return 'OK'
