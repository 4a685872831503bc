import { Unavailable } from "@spillway/event";
import { shardKeys } from "./keys.ts";
import type { Rest, RestReply } from "./rest.ts";

const numberOf = (reply: RestReply | undefined): number => {
  if (reply?.kind === "error") throw new Unavailable(reply.code);
  if (typeof reply?.result !== "number") throw new Unavailable("odd_reply");
  return reply.result;
};

/** Shards that hold events and whose lease nobody has now, asked in one request. Rejects with `Unavailable`. */
export const readUnowned = async (
  rest: Rest,
  namespace: string,
  shards: number,
  deadlineMs: number,
): Promise<readonly number[]> => {
  const all = Array.from({ length: shards }, (_, shard) => shard);
  const replies = await rest.send((pipeline) => {
    for (const shard of all) {
      const { lease, stream } = shardKeys(namespace, shard);
      pipeline.exists(lease).xlen(stream);
    }
  }, deadlineMs);
  return all.filter((shard) => numberOf(replies[2 * shard]) === 0 && numberOf(replies[2 * shard + 1]) > 0);
};
