import { type Ahead, type EntryPlace, Unavailable } from "@spillway/event";
import { shardKeys } from "./keys.ts";
import { callScript } from "./script-calls.ts";
import { aheadScript } from "./scripts.ts";
import { resultOf, type Transport } from "./transport.ts";

/** From each end: 2 ms of Redis's time. */
const LOOKED_BYTES_MAX = 1024 * 1024;

export type AheadOptions = { readonly namespace: string; readonly nonceOf: () => string; readonly bytesMax?: number };

/** How many events are before an entry of its shard; null: it is not there any more. Rejects with `Unavailable`. */
export const createAhead =
  (transport: Transport, { namespace, nonceOf, bytesMax = LOOKED_BYTES_MAX }: AheadOptions) =>
  async ({ shard, entry }: EntryPlace, deadlineMs: number): Promise<Ahead | null> => {
    const endMs = performance.now() + deadlineMs;
    const { stream, count } = shardKeys(namespace, shard);
    const nonce = nonceOf();
    const call = { keys: [stream, count], values: [nonce, entry, bytesMax] };
    const [reply] = await callScript(transport, aheadScript, [call], () => endMs - performance.now());
    const result = resultOf(reply);
    const [echo, least, most] = Array.isArray(result) ? (result as unknown[]) : [];
    if (echo !== nonce || !Number.isInteger(least) || !Number.isInteger(most)) throw new Unavailable("odd_reply");
    return Number(least) < 0 ? null : { least: Number(least), most: Number(most) };
  };
