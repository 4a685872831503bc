import { type Installation, type InstallationKeeper, type InstallationRecord, Unavailable } from "@spillway/event";
import type { Client, RedisServer } from "./connection.ts";
import { checkNamespace, metaKey } from "./keys.ts";
import { type Command, resultOf, type Transport } from "./transport.ts";

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

/** For an edge, which never writes it. */
export const createInstallationRecord = (transport: Transport, namespace: string): InstallationRecord => ({
  async read(deadlineMs) {
    // Two replies: one list of two nulls is what a broken server answers to an append, too.
    const fields: readonly string[] = [ID, SHARDS];
    const replies = await transport.send(
      fields.map((field): Command => ["hget", metaKey(namespace), field]),
      deadlineMs,
    );
    return installationOf(namespace, resultOf(replies[0]), resultOf(replies[1]));
  },
});

/** Why Redis would refuse a write now, null when it would not: HSETNX is refused where an append would be (full, read-only,
 * disk failing), even when it has nothing to write. */
export const writeRefusal = async (
  transport: Transport,
  namespace: string,
  deadlineMs: number,
): Promise<string | null> => {
  const [reply] = await transport.send([["hsetnx", metaKey(namespace), PROBE, "1"]], deadlineMs);
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
