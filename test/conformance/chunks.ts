import type { ShardChunk } from "@spillway/event";

/** A dedup key from a short name: the same name is the same event. */
export const keyOf = (name: string): string => name.padEnd(16, ".").slice(0, 16);

/** A chunk of the events so named. Its bytes are unlike any other chunk's unless given. */
export const chunkOf = (shard: number, names: readonly string[], bytes?: Uint8Array): ShardChunk => ({
  shard,
  chunk: bytes ?? new TextEncoder().encode(`${crypto.randomUUID()} ${names.slice(0, 5).join(" ")}`),
  events: names.length,
  dedupKeys: names.map(keyOf).join(""),
});

/** What a chunk is compared by. */
export const hexOf = ({ chunk }: Pick<ShardChunk, "chunk">): string => Buffer.from(chunk).toString("hex");

/** `count` names that nobody used before. */
export const freshNames = (count: number): string[] =>
  Array.from({ length: count }, () => crypto.randomUUID().replaceAll("-", "").slice(0, 16));
