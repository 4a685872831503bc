import { appendScript, divertScript, leaseScript, type Script, settleScript } from "@spillway/stream/scripts";
import type { Redis } from "ioredis";
import { keyOf } from "../conformance/chunks.ts";

/** The keys of shard 0 as the README names them; spelled out, so that a renamed key shows here. */
const keysOf = (namespace: string) => {
  const tag = `{${namespace}:0}`;
  return {
    stream: `${tag}:stream`,
    dedup: [`${tag}:known:0`, `${tag}:known:1`, `${tag}:known:2`] as const,
    count: `${tag}:count`,
    diverted: `${tag}:diverted`,
    lease: `${tag}:lease`,
  };
};

export type AppendValues = {
  readonly names: readonly string[];
  readonly chunk?: string;
  readonly windowSeconds?: number;
  readonly eventsMax?: number;
  readonly bytesMax?: number;
  readonly leaseValue?: string;
  readonly installation?: string;
  readonly asked?: boolean;
  readonly writer?: string;
  readonly floor?: number;
  readonly rows?: string;
};

type AppendReply = [nonce: string, status: string, entry: string, duplicates: string, totals: string];

/** One script on shard 0 of a namespace, called as itself, without our adapters in between. */
export const scriptCalls = (redis: Redis, namespace: string) => {
  const keys = keysOf(namespace);
  const call = (script: Script, names: readonly string[], values: readonly (string | number)[]) =>
    redis.eval(script.source, names.length, ...names, ...values) as Promise<unknown>;
  return {
    keys,
    append: async (values: AppendValues) => {
      const replies = await call(
        appendScript,
        [keys.stream, ...keys.dedup, keys.count, keys.diverted, keys.lease],
        [
          "nonce",
          values.windowSeconds ?? 3600,
          values.eventsMax ?? 1e6,
          values.bytesMax ?? 1e9,
          values.leaseValue ?? "",
          values.installation ?? "ours",
          values.asked === false ? "" : "1",
          values.chunk ?? "Y2h1bms=",
          values.names.map(keyOf).join(""),
          values.writer ?? "w1",
          values.floor ?? 0,
          values.rows ?? "",
        ],
      );
      return (replies as AppendReply[])[0] as AppendReply;
    },
    settle: (leaseValue: string, relayed: number, entries: readonly string[], parked = 0) =>
      call(settleScript, [keys.stream, keys.count, keys.lease], [leaseValue, relayed, parked, ...entries]),
    lease: (...values: (string | number)[]) => call(leaseScript, [keys.lease, keys.count], values) as Promise<number>,
    divert: (op: "begin" | "raise" | "end", ...values: string[]) =>
      call(divertScript, [keys.diverted, keys.lease, keys.count], [op, ...values]),
    /** Everything that the shard's keys hold, to compare before with after. */
    dump: async () => {
      const all = [keys.stream, ...keys.dedup, keys.count, keys.diverted, keys.lease];
      return (await Promise.all(all.map((key) => redis.dumpBuffer(key)))).map(
        (value) => value?.toString("hex") ?? null,
      );
    },
  };
};
