import { Unavailable } from "@spillway/event";
import { shardKeys } from "./keys.ts";
import { callScript } from "./script-calls.ts";
import { inspectScript } from "./scripts.ts";
import { type Reply, resultOf, type Transport } from "./transport.ts";

const isUnowned = (view: unknown): boolean => {
  const [, oldest, , , , , lease] = Array.isArray(view) && view.length === 9 ? (view as unknown[]) : [];
  if (typeof oldest !== "string" || typeof lease !== "string") throw new Unavailable("odd_reply");
  return oldest !== "" && lease === "";
};

const viewsOf = (reply: Reply | undefined): readonly unknown[] => {
  const views = resultOf(reply);
  if (!Array.isArray(views)) throw new Unavailable("odd_reply");
  return views;
};

/**
 * Shards that hold events and whose lease nobody has now, asked in one command; in a Redis Cluster, which says CROSSSLOT to it, in
 * one request. Rejects with `Unavailable`.
 */
export const readUnowned = async (
  transport: Transport,
  namespace: string,
  shards: number,
  deadlineMs: number,
): Promise<readonly number[]> => {
  const endMs = performance.now() + deadlineMs;
  const leftMs = (): number => endMs - performance.now();
  const all = Array.from({ length: shards }, (_, shard) => shard);
  const keysOf = (shard: number): readonly string[] => {
    const { stream, count, diverted, lease } = shardKeys(namespace, shard);
    return [stream, count, diverted, lease];
  };
  const ask = (calls: readonly (readonly string[])[]): Promise<readonly Reply[]> =>
    callScript(
      transport,
      inspectScript,
      calls.map((keys) => ({ keys, values: [] })),
      leftMs,
    );
  const [reply] = await ask([all.flatMap(keysOf)]);
  const isCluster = reply?.kind === "error" && reply.code === "cross_slot";
  const replies = isCluster ? await ask(all.map(keysOf)) : [reply];
  const views = replies.flatMap(viewsOf);
  if (views.length !== shards) throw new Unavailable("odd_reply");
  return all.filter((shard) => isUnowned(views[shard]));
};
