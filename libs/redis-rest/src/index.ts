export type { Limits } from "./limits.ts";
export { createRedisRest, type RedisRest, type RedisRestOptions } from "./server.ts";
