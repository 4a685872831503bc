export { connectRedis, type RedisServer, type RedisServerOptions } from "./connection.ts";
export {
  createStreamInspection,
  type ServerView,
  type ShardInspection,
  type ShardView,
  type StreamInspection,
} from "./inspect.ts";
export { createLeases, type LeasesOptions } from "./leases.ts";
export { createShardStream, type ShardStreamOptions } from "./shard-stream.ts";
export { agreeOnShards, compareShards } from "./shards-agreement.ts";
export {
  createStreamTier,
  type ShardsAgreement,
  type StreamHealth,
  type StreamLimits,
  type StreamTier,
  type StreamTierOptions,
} from "./tier.ts";
