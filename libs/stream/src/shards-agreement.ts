import type { Client, RedisServer } from "./connection.ts";
import { metaKey } from "./keys.ts";
import { judgeShards, orUnknown, SHARDS_FIELD, type ShardsAgreement } from "./meta.ts";

const agreement = (
  redis: RedisServer,
  shards: number,
  namespace: string,
  recordedBy: (client: Client) => Promise<string | null>,
): Promise<ShardsAgreement> =>
  orUnknown(redis.commands.send(recordedBy).then((recorded) => judgeShards(namespace, recorded, shards)));

/**
 * Records the number of shards in Redis unless one is there, and compares: at boot, and now and then afterwards, since
 * an emptied Redis has forgotten it. Never rejects.
 */
export const agreeOnShards = (redis: RedisServer, namespace: string, shards: number): Promise<ShardsAgreement> => {
  const key = metaKey(namespace);
  return agreement(redis, shards, namespace, async (client) => {
    const found = await client.hget(key, SHARDS_FIELD);
    if (found !== null) return found;
    await client.hsetnx(key, SHARDS_FIELD, String(shards));
    return await client.hget(key, SHARDS_FIELD);
  });
};

/** Compares and records nothing: for who only looks. Without a recorded number nobody disagrees. */
export const compareShards = (redis: RedisServer, namespace: string, shards: number): Promise<ShardsAgreement> =>
  agreement(redis, shards, namespace, async (client) => {
    return (await client.hget(metaKey(namespace), SHARDS_FIELD)) ?? String(shards);
  });
