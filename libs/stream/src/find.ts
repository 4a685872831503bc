import { type Belonging, isCopiedHead, type StreamLook, type StreamSight, Unavailable } from "@spillway/event";
import { shardKeys } from "./keys.ts";
import { callScript } from "./script-calls.ts";
import { findScript } from "./scripts.ts";
import { type Reply, resultOf, type Transport } from "./transport.ts";

const ENTRY_ID = /^\d{1,20}-\d{1,20}$/;
const HEAD = /^[A-Za-z0-9+/]{4}$/;

const headOf = (base64: string): Uint8Array =>
  HEAD.test(base64) ? Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0)) : new Uint8Array();

const sightOf = (reply: Reply | undefined, nonce: string, shard: number): StreamSight => {
  const result = resultOf(reply);
  const [echo, status, first, flags] = Array.isArray(result) ? (result as unknown[]) : [];
  if (echo !== nonce || typeof first !== "string" || typeof flags !== "string") throw new Unavailable("odd_reply");
  if (status === "FOREIGN") throw new Unavailable("wrong_installation");
  if (status === "ABSENT" && /^\d{0,15}$/.test(first))
    return { kind: "absent", sinceMs: first === "" ? null : Number(first) };
  if (!ENTRY_ID.test(first)) throw new Unavailable("odd_reply");
  if (status === "LEFT") return { kind: "left", shard, entry: first };
  if (status !== "HELD") throw new Unavailable("odd_reply");
  const atMs = Number(first.split("-")[0]);
  return { kind: "held", shard, entry: first, atMs, copied: isCopiedHead(headOf(flags)) };
};

const rank = { held: 0, left: 1, absent: 2 } as const;

/** Of two shards the one that knows it; of two that do not, the one that remembers less. */
const better = (a: StreamSight, b: StreamSight): StreamSight => {
  if (a.kind !== "absent" || b.kind !== "absent") return rank[b.kind] < rank[a.kind] ? b : a;
  if (a.sinceMs === null || b.sinceMs === null) return { kind: "absent", sinceMs: null };
  return a.sinceMs >= b.sinceMs ? a : b;
};

export type FindOptions = {
  readonly namespace: string;
  readonly dedupWindowSeconds: number;
  readonly belonging: Pick<Belonging, "mark">;
  readonly nonceOf: () => string;
};

/** A call of find.lua for each shard, all in one request. */
export const createFind =
  (transport: Transport, { namespace, dedupWindowSeconds, belonging, nonceOf }: FindOptions): StreamLook =>
  async (dedupKey, shards, deadlineMs) => {
    const endMs = performance.now() + deadlineMs;
    const calls = shards.map((shard) => {
      const { stream, dedup, count } = shardKeys(namespace, shard);
      const values = [nonceOf(), dedupWindowSeconds, dedupKey, belonging.mark()] as const;
      return { shard, keys: [stream, ...dedup, count], values, nonce: values[0] };
    });
    const replies = await callScript(transport, findScript, calls, () => endMs - performance.now());
    return calls.map(({ nonce, shard }, i) => sightOf(replies[i], nonce, shard)).reduce(better);
  };
