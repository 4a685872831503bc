export { connectRedis, type RedisServer } from "./connection.ts";
export {
  createStreamAhead,
  createStreamInspection,
  createStreamLook,
  type ShardInspection,
  type ShardView,
} from "./inspect.ts";
export { createRedisInstallation } from "./installation.ts";
export { createLeases } from "./leases.ts";
export { createShardStream } from "./shard-stream.ts";
export {
  createRestTransport,
  createStreamTier,
  type RestOptions,
  type StreamLimits,
  type StreamTier,
  type Transport,
} from "./tier.ts";
