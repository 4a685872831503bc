import { decode, Encoder } from "@msgpack/msgpack";
import { badColumnOf, COLUMNS_MIN, type Columns } from "./columns.ts";
import { DIGEST96_LENGTH, type Platform } from "./platform.ts";
import { dedupKeyOf, type SealedEvent } from "./seal.ts";

/*
 * A chunk: 1..n sealed events of one shard, packed into one stream entry or outbox row.
 *
 *   byte 0       version, 1
 *   byte 1       flags, bit 0: the body is deflated, bit 1: a copy is kept in Postgres until it is settled
 *   bytes 2–33   SHA-256 of the body as stored (an AOF has no checksum: 10 damaged bytes load without complaint), each bit of
 *                it turned over where a copy is kept, so that it covers that flag, too
 *   bytes 34–    body: MsgPack of columns, so that decoding makes no object per attribute and the bytes are slices
 */
const VERSION = 1;
const DEFLATED = 1;
const COPIED = 2;
const HEADER_BYTES = 34;
const KEY_BYTES = 16;
/** Below this a deflated body is no smaller than the 4 µs that it costs are worth. */
const DEFLATE_FROM_BYTES = 512;
/** An inflated chunk is never larger: the limit of one commit is far below it. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** An event as a chunk carries it. */
export type ChunkEvent = Omit<SealedEvent, "id" | "shard" | "durability">;

export type Chunk = {
  /** Time of ingest, ms since 1970; of the oldest event where they differ. */
  readonly receivedAtMs: number;
  /** How much later each event came; absent when all came at once, as in one commit of an edge. */
  readonly laterMs?: readonly number[];
  /** A copy of it is in Postgres, or should be, until it is settled. */
  readonly copied?: boolean;
  readonly events: readonly ChunkEvent[];
};

export class UndecodableChunk extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`chunk does not decode: ${reason}`, options);
    this.name = "UndecodableChunk";
  }
}

const identitiesOf = (events: readonly ChunkEvent[]): string => {
  let identities = "";
  for (const event of events) identities += event.identity;
  return identities;
};

export const dedupKeysOf = (events: readonly ChunkEvent[]): string => {
  let keys = "";
  for (const event of events) keys += event.dedupKey;
  return keys;
};

const concat = (events: readonly ChunkEvent[]): Uint8Array => {
  let size = 0;
  for (const event of events) size += event.bytes.length;
  const data = new Uint8Array(size);
  let at = 0;
  for (const event of events) {
    data.set(event.bytes, at);
    at += event.bytes.length;
  }
  return data;
};

/** One for all: its buffer has grown to what chunks need, which saves 40 % of the encoding. The view it gives is copied. */
const encoder = new Encoder({ initialBufferSize: 256 * 1024 });

/** The keys of chunks that are to be copied. Throws a `RangeError` for one without, so that a caller's slip shows. */
export const copyKeysOf = (chunks: readonly { readonly chunk: Uint8Array }[]): readonly string[] =>
  chunks.map(({ chunk }) => {
    const key = copyKeyOf(chunk);
    if (key === null) throw new RangeError("a chunk without a copy's key is not copied");
    return key;
  });

const checksumOf = (body: Uint8Array, copied: boolean, platform: Platform): Uint8Array => {
  const digest = platform.sha256(body);
  return copied ? digest.map((byte) => byte ^ 0xff) : digest;
};

export const encodeChunk = (chunk: Chunk, platform: Platform): Uint8Array => {
  const { events } = chunk;
  const columns: Columns = [
    chunk.receivedAtMs,
    events.map((event) => event.type),
    events.map((event) => event.partitionKey),
    events.map((event) => event.traceparent),
    events.map((event) => event.replay),
    identitiesOf(events),
    events.map((event) => event.bytes.length),
    concat(events),
  ];
  const hasTracestates = events.some((event) => event.tracestate !== undefined);
  if (chunk.laterMs !== undefined || hasTracestates) columns.push(chunk.laterMs ?? null);
  if (hasTracestates) columns.push(events.map((event) => event.tracestate ?? null));
  const plain = encoder.encodeSharedRef(columns);
  const deflated = plain.length >= DEFLATE_FROM_BYTES ? platform.deflate(plain) : plain;
  const smaller = deflated.length < plain.length;
  const body = smaller ? deflated : plain;
  const out = new Uint8Array(HEADER_BYTES + body.length);
  out[0] = VERSION;
  out[1] = (smaller ? DEFLATED : 0) | (chunk.copied ? COPIED : 0);
  out.set(checksumOf(body, chunk.copied === true, platform), 2);
  out.set(body, HEADER_BYTES);
  return out;
};

/** Whether the chunk that begins like this is one of which a copy is kept. */
export const isCopiedHead = (head: Uint8Array): boolean => head[0] === VERSION && ((head[1] ?? 0) & COPIED) !== 0;

const isCopied = (bytes: Uint8Array): boolean => bytes.length >= HEADER_BYTES && isCopiedHead(bytes);

/** What a chunk's copy is known by, from the checksum: 32 hexadecimal digits. Null: there is none. */
export const copyKeyOf = (bytes: Uint8Array): string | null => {
  if (!isCopied(bytes)) return null;
  let key = "";
  for (const byte of bytes.subarray(2, 2 + KEY_BYTES)) key += byte.toString(16).padStart(2, "0");
  return key;
};

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

const bodyOf = (bytes: Uint8Array, platform: Platform): Uint8Array => {
  if (bytes.length < HEADER_BYTES) throw new UndecodableChunk("too short");
  if (bytes[0] !== VERSION) throw new UndecodableChunk(`version ${bytes[0]} is unknown`);
  const flags = bytes[1] ?? 0;
  if ((flags & ~(DEFLATED | COPIED)) !== 0) throw new UndecodableChunk(`flags ${flags} are unknown`);
  const body = bytes.subarray(HEADER_BYTES);
  if (!sameBytes(checksumOf(body, (flags & COPIED) !== 0, platform), bytes.subarray(2, HEADER_BYTES)))
    throw new UndecodableChunk("checksum differs");
  return (flags & DEFLATED) !== 0 ? platform.inflate(body, BODY_BYTES_MAX) : body;
};

const columnsOf = (bytes: Uint8Array, platform: Platform): Columns => {
  const body = bodyOf(bytes, platform);
  // Each element takes a byte: a longer array is a lie that would only take memory.
  const columns = decode(body, { maxArrayLength: body.length });
  if (!Array.isArray(columns) || columns.length < COLUMNS_MIN) throw new UndecodableChunk("columns are missing");
  const bad = badColumnOf(columns);
  if (bad !== null) throw new UndecodableChunk(`column ${bad} is wrong`);
  return columns as Columns;
};

const eventsOf = (columns: Columns, platform: Platform): ChunkEvent[] => {
  const [, types, partitionKeys, traceparents, replays, identities, lengths, data, , tracestates] = columns;
  const events: ChunkEvent[] = [];
  let at = 0;
  for (let i = 0; i < types.length; i++) {
    const end = at + lengths[i]!;
    const identity = identities.slice(i * DIGEST96_LENGTH, (i + 1) * DIGEST96_LENGTH);
    const replay = replays[i]!;
    const tracestate = tracestates?.[i];
    const event = {
      identity,
      dedupKey: dedupKeyOf(identity, replay, platform),
      type: types[i]!,
      partitionKey: partitionKeys[i]!,
      traceparent: traceparents[i]!,
      replay,
      bytes: data.subarray(at, end),
    };
    events.push(tracestate ? { ...event, tracestate } : event);
    at = end;
  }
  return events;
};

/** Throws `UndecodableChunk`, and nothing else. The events' bytes are views of one buffer. */
export const decodeChunk = (bytes: Uint8Array, platform: Platform): Chunk => {
  try {
    const columns = columnsOf(bytes, platform);
    const [receivedAtMs] = columns;
    const laterMs = columns[8] ?? undefined;
    const events = eventsOf(columns, platform);
    const chunk = isCopied(bytes) ? { receivedAtMs, events, copied: true } : { receivedAtMs, events };
    return laterMs === undefined ? chunk : { ...chunk, laterMs };
  } catch (cause) {
    if (cause instanceof UndecodableChunk) throw cause;
    throw new UndecodableChunk("body is damaged", { cause });
  }
};

/** Time of ingest of one event. */
export const receivedAtMsOf = (chunk: Omit<Chunk, "events">, index: number): number =>
  chunk.receivedAtMs + (chunk.laterMs?.[index] ?? 0);

/** The events of several chunks of one shard in one, in their order, each with its own time of ingest. */
export const mergeChunks = (chunks: readonly Chunk[]): Chunk => {
  const receivedAtMs = Math.min(...chunks.map((chunk) => chunk.receivedAtMs));
  const laterMs = chunks.flatMap((chunk) =>
    chunk.events.map((_, index) => receivedAtMsOf(chunk, index) - receivedAtMs),
  );
  const merged = { receivedAtMs, laterMs, events: chunks.flatMap((chunk) => chunk.events) };
  return chunks.some(({ copied }) => copied) ? { ...merged, copied: true } : merged;
};
