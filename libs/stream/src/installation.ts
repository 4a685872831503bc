import { type Installation, type InstallationKeeper, type InstallationRecord, Unavailable } from "@spillway/event";
import type { Client, RedisServer } from "./connection.ts";
import { checkNamespace, metaKey } from "./keys.ts";
import type { Rest } from "./rest.ts";

/** Fields of the hash at `metaKey`. */
const ID = "installation";
const SHARDS = "shards";
/** Means nothing. */
const PROBE = "probe";

/** What the two fields say. A number of shards alone is of a Spillway before there were ids: no installation yet. */
export const installationOf = (namespace: string, id: unknown, shards: unknown): Installation | null => {
  if (id === null && (shards === null || typeof shards === "string")) return null;
  const number = Number(shards);
  const isWhole = typeof id === "string" && id !== "" && typeof shards === "string";
  if (!isWhole || !Number.isSafeInteger(number) || number < 1) throw new Unavailable("odd_reply");
  return { id, namespace, shards: number };
};

/** Over HTTP, for an edge, which never writes it. */
export const createRestInstallation = (rest: Rest, namespace: string): InstallationRecord => ({
  async read(deadlineMs) {
    const replies = await rest.send((pipeline) => {
      for (const field of [ID, SHARDS]) pipeline.hget(metaKey(namespace), field);
    }, deadlineMs);
    const [id, shards] = replies.map((reply) => {
      if (reply.kind === "error") throw new Unavailable(reply.code);
      return reply.result;
    });
    return installationOf(namespace, id, shards);
  },
});

/** Why Redis would refuse a write now, null when it would not: HSETNX is refused where an append would be (full, read-only,
 * disk failing), even when it has nothing to write. */
export const writeRefusal = async (rest: Rest, namespace: string, deadlineMs: number): Promise<string | null> => {
  const [reply] = await rest.send((pipeline) => pipeline.hsetnx(metaKey(namespace), PROBE, "1"), deadlineMs);
  return reply?.kind === "error" ? reply.code : null;
};

const readOver = async (client: Client, namespace: string): Promise<Installation | null> => {
  const [id, shards] = await client.hmget(metaKey(namespace), ID, SHARDS);
  return installationOf(namespace, id, shards);
};

/** Over TCP. The number goes first: it alone, where the relay died in between, is no installation yet. */
export const createRedisInstallation = (redis: RedisServer, namespace: string): InstallationKeeper => {
  checkNamespace(namespace);
  const key = metaKey(namespace);
  return {
    read: (deadlineMs) => redis.commands.send((client) => readOver(client, namespace), deadlineMs),
    record: ({ id, shards }, deadlineMs) =>
      redis.commands.send(async (client) => {
        await client.hsetnx(key, SHARDS, String(shards));
        await client.hsetnx(key, ID, id);
        const recorded = await readOver(client, namespace);
        if (recorded === null) throw new Unavailable("odd_reply");
        return recorded;
      }, deadlineMs),
  };
};
