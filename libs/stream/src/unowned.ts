import { Unavailable } from "@spillway/event";
import { shardKeys } from "./keys.ts";
import { type Command, type Reply, resultOf, type Transport } from "./transport.ts";

const numberOf = (reply: Reply | undefined): number => {
  const result = resultOf(reply);
  if (typeof result !== "number") throw new Unavailable("odd_reply");
  return result;
};

/** Shards that hold events and whose lease nobody has now, asked in one request. Rejects with `Unavailable`. */
export const readUnowned = async (
  transport: Transport,
  namespace: string,
  shards: number,
  deadlineMs: number,
): Promise<readonly number[]> => {
  const all = Array.from({ length: shards }, (_, shard) => shard);
  const commands = all.flatMap((shard): Command[] => {
    const { lease, stream } = shardKeys(namespace, shard);
    return [
      ["exists", lease],
      ["xlen", stream],
    ];
  });
  const replies = await transport.send(commands, deadlineMs);
  return all.filter((shard) => numberOf(replies[2 * shard]) === 0 && numberOf(replies[2 * shard + 1]) > 0);
};
