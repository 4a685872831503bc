import type { Appended, ShardChunk } from "@spillway/event";
import { toBase64 } from "./base64.ts";
import { codeOfText } from "./errors.ts";
import { shardKeys } from "./keys.ts";
import type { StreamLimits } from "./limits.ts";

const DEDUP_KEY_LENGTH = 16;
const ENTRY_ID = /^\d{1,20}-\d{1,20}$/;

/** One call of append.lua for chunks of different shards: the same over HTTP and TCP. */
export type AppendCall = {
  readonly nonce: string;
  /** Of each chunk. */
  readonly events: readonly number[];
  readonly keys: readonly string[];
  readonly values: readonly (string | number)[];
};

const checkChunk = ({ events, dedupKeys }: ShardChunk): void => {
  if (events < 1 || dedupKeys.length !== events * DEDUP_KEY_LENGTH) {
    throw new TypeError(`a chunk of ${events} events came with ${dedupKeys.length} characters of dedup keys`);
  }
};

/** `holder` is "" for an edge, else the value of the drain's lease. Throws `TypeError` for a chunk that contradicts itself. */
export const appendCall = (
  namespace: string,
  chunks: readonly ShardChunk[],
  limits: StreamLimits,
  nonce: string,
  holder: string,
): AppendCall => {
  const keys: string[] = [];
  const values = [nonce, limits.seenWindowSeconds, limits.backlogEventsMax, limits.backlogBytesMax, holder];
  for (const chunk of chunks) {
    checkChunk(chunk);
    const { stream, seen, count, fence, lease } = shardKeys(namespace, chunk.shard);
    keys.push(stream, ...seen, count, fence, lease);
    values.push(toBase64(chunk.chunk), chunk.dedupKeys);
  }
  return { nonce, events: chunks.map(({ events }) => events), keys, values };
};

/** Null unless it is what the script writes: increasing indexes of events of the chunk. */
const duplicatesOf = (csv: unknown, events: number): readonly number[] | null => {
  if (typeof csv !== "string") return null;
  if (csv === "") return [];
  const indexes = csv.split(",").map(Number);
  let last = -1;
  for (const index of indexes) {
    if (!Number.isInteger(index) || index <= last || index >= events) return null;
    last = index;
  }
  return indexes;
};

/** What is answered for a reply that is none to the call: it is not known what became of the chunk. */
export const oddReply: Appended = { kind: "retriable", code: "odd_reply" };

type ChunkAppended = Appended | { readonly kind: "stale" };

const chunkAppendedOf = (reply: unknown, nonce: string, events: number): ChunkAppended => {
  if (!Array.isArray(reply) || reply.length !== 6) return oddReply;
  const [echo, status, entry, csv, backlogEvents] = reply as unknown[];
  if (echo !== nonce) return oddReply;
  if (status === "FULL") return { kind: "full" };
  if (status === "FENCED") return { kind: "fenced" };
  if (status === "STALE") return { kind: "stale" };
  if (status === "ERROR") return { kind: "retriable", code: codeOfText(String(entry)) };
  const duplicates = duplicatesOf(csv, events);
  if (status !== "OK" || duplicates === null) return oddReply;
  if (typeof backlogEvents !== "number" || !Number.isSafeInteger(backlogEvents) || backlogEvents < 0) return oddReply;
  const isAdded = typeof entry === "string" && ENTRY_ID.test(entry);
  const isKnown = entry === "" && duplicates.length === events;
  if (!isKnown && !(isAdded && duplicates.length < events)) return oddReply;
  return { kind: "ok", duplicates };
};

/**
 * Reads append.lua's reply, one answer per chunk. Whatever is not exactly a reply to this very call (the nonce) is
 * `odd_reply`: a 200 with another body, or another request's body, must never be taken for a write.
 */
export const appendedOf = (reply: unknown, { nonce, events }: AppendCall): readonly ChunkAppended[] => {
  const replies = Array.isArray(reply) && reply.length === events.length ? (reply as unknown[]) : [];
  return events.map((count, i) => chunkAppendedOf(replies[i], `${nonce}.${i + 1}`, count));
};

/** Names calls so that a reply can be told from another call's. Random, so that two processes do not agree by chance. */
export const createNonces = (): (() => string) => {
  const prefix = crypto.randomUUID().slice(0, 8);
  let calls = 0;
  return () => `${prefix}${(calls++).toString(36)}`;
};
