import { type Installation, type InstallationKeeper, Unavailable } from "@spillway/event";
import { raiseStamps } from "./divert.ts";
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

/**
 * The one agreement of a Redis, over whichever transport; an edge only reads it. `record` reads before it writes: a full Redis
 * refuses HSETNX also where it has nothing to write, and a relay that learnt that way only whose the Redis is would
 * never take its leases there, so that nobody emptied it. A Redis that has none was emptied, or is new: before it is said whose it
 * is, all shards are diverted, so that no edge appends anything there before the owner of its shard has restored what the stream had (seed
 * 712866: an append of 3.6 s ago came before it). The number goes before the id: it alone, where the relay died in between, is no installation yet.
 */
export const createRedisInstallation = (transport: Transport, namespace: string): InstallationKeeper => {
  checkNamespace(namespace);
  const key = metaKey(namespace);
  // A reply each: one list of two nulls is what a broken server answers to an append, too.
  const asked: readonly Command[] = [ID, SHARDS].map((field) => ["hget", key, field]);
  const read = async (deadlineMs: number): Promise<Installation | null> => {
    const [id, shards] = await transport.send(asked, deadlineMs);
    return installationOf(namespace, resultOf(id), resultOf(shards));
  };
  return {
    read,
    async record({ id, shards }, deadlineMs) {
      const endMs = performance.now() + deadlineMs;
      const leftMs = (): number => endMs - performance.now();
      const there = await read(deadlineMs);
      if (there !== null) return there;
      const raiser = { namespace, installation: id, nonceOf: () => crypto.randomUUID() };
      const codes = await raiseStamps(transport, raiser, [...Array(shards).keys()], "1", leftMs);
      const code = codes.find((one) => one !== null);
      if (code != null) throw new Unavailable(code);
      const written: readonly Command[] = [
        ["hsetnx", key, SHARDS, shards],
        ["hsetnx", key, ID, id],
      ];
      for (const reply of await transport.send(written, leftMs())) resultOf(reply);
      const recorded = await read(leftMs());
      if (recorded === null) throw new Unavailable("odd_reply");
      return recorded;
    },
  };
};

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
