import { Unavailable } from "@spillway/event";
import type { RedisServer } from "./connection.ts";
import { codeOfTcpError } from "./errors.ts";
import { metaKey } from "./keys.ts";
import { judgeShards, SHARDS_FIELD, type ShardsAgreement } from "./meta.ts";

/**
 * Records the number of shards in Redis unless one is there, and compares: at boot, and now and then afterwards, since
 * an emptied Redis has forgotten it. Never rejects.
 */
export const agreeOnShards = async (
  redis: RedisServer,
  namespace: string,
  shards: number,
): Promise<ShardsAgreement> => {
  const key = metaKey(namespace);
  try {
    const recorded = await redis.commands.send(async (client) => {
      const found = await client.hget(key, SHARDS_FIELD);
      if (found !== null) return found;
      await client.hsetnx(key, SHARDS_FIELD, String(shards));
      return await client.hget(key, SHARDS_FIELD);
    });
    return judgeShards(namespace, recorded, shards);
  } catch (error) {
    return { kind: "unknown", code: error instanceof Unavailable ? error.code : codeOfTcpError(error) };
  }
};
