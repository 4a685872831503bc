#!lua flags=no-writes
-- Answers all counters of one shard, as of one moment.
--
-- KEYS   1 stream  2 count
-- Reply  {whether the stream exists, its entries, the fields of count and their values in turn}
--
-- Why so: that a stream is empty says that all its writers' events have left it only if their totals are of the same moment.

return {redis.call('EXISTS', KEYS[1]), redis.call('XLEN', KEYS[1]), redis.call('HGETALL', KEYS[2])}
