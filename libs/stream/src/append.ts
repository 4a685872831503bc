import {
  type Appended,
  type Belonging,
  DIGEST96_LENGTH,
  type InstallationRecord,
  NOBODY,
  type ShardChunk,
  type Total,
  Unavailable,
} from "@spillway/event";
import { toBase64 } from "./base64.ts";
import { codeOfText } from "./errors.ts";
import { checkNamespace, shardKeys } from "./keys.ts";
import { checkLimits, type StreamLimits } from "./limits.ts";

const WRITER = /^[a-z0-9]{1,16}$/;
const TOTAL = /^([a-z0-9]{1,16}):(\d{1,15})$/;
const ENTRY_ID = /^\d{1,20}-\d{1,20}$/;

/** One call of append.lua for chunks of different shards: the same over HTTP and TCP. */
export type AppendCall = {
  readonly nonce: string;
  /** Of each chunk. */
  readonly events: readonly number[];
  readonly keys: readonly string[];
  readonly values: readonly (string | number)[];
};

const checkChunk = ({ events, dedupKeys, from, rows = [] }: ShardChunk): void => {
  if (events < 1 || dedupKeys.length !== events * DIGEST96_LENGTH) {
    throw new TypeError(`a chunk of ${events} events came with ${dedupKeys.length} characters of dedup keys`);
  }
  const inRows = rows.reduce((sum, [, , count]) => sum + count, 0);
  if (rows.length > 0 && inRows !== events)
    throw new TypeError(`a chunk of ${events} events is made of rows with ${inRows}`);
  for (const writer of [from?.writer ?? null, ...rows.map(([one]) => one)])
    if (writer !== null && !WRITER.test(writer))
      throw new TypeError(`writer ${JSON.stringify(writer)} must match ${WRITER}`);
};

/** What is the same in every call of a process. */
export type AppendSetup = {
  /** Begins every key; 1 to 64 of letters, digits and `_.:-`. */
  readonly namespace: string;
  readonly limits: StreamLimits;
  /** Learns from each reply whose this Redis is. */
  readonly belonging: Belonging;
};

/** Throws `TypeError` for what no server could serve. */
export const checkSetup = ({ namespace, limits }: AppendSetup): void => {
  checkNamespace(namespace);
  checkLimits(limits);
};

export type AppendCaller = {
  readonly nonce: string;
  /** "" for an edge, else the value of the drain's lease. */
  readonly leaseValue: string;
  /** Redis has just said that it is of our installation. */
  readonly asked: boolean;
};

/** Throws `TypeError` for a chunk that contradicts itself. */
export const appendCall = (
  { namespace, limits, belonging }: AppendSetup,
  chunks: readonly ShardChunk[],
  { nonce, leaseValue, asked }: AppendCaller,
): AppendCall => {
  const keys: string[] = [];
  const { dedupWindowSeconds, backlogEventsMax, backlogBytesMax } = limits;
  const values = [
    nonce,
    dedupWindowSeconds,
    backlogEventsMax,
    backlogBytesMax,
    leaseValue,
    belonging.mark(),
    asked ? "1" : "",
  ];
  for (const chunk of chunks) {
    checkChunk(chunk);
    const { stream, dedup, count, diverted, lease } = shardKeys(namespace, chunk.shard);
    keys.push(stream, ...dedup, count, diverted, lease);
    const { writer, floor } = chunk.from ?? NOBODY;
    const rows = chunk.rows?.map(([one, ...numbers]) => [one ?? "-", ...numbers].join(".")).join() ?? "";
    values.push(toBase64(chunk.chunk), chunk.dedupKeys, writer, floor, rows);
  }
  return { nonce, events: chunks.map(({ events }) => events), keys, values };
};

/** Null unless it is what the script writes. */
const totalsOf = (csv: unknown): readonly Total[] | null => {
  if (typeof csv !== "string") return null;
  const totals: Total[] = [];
  for (const one of csv.split(",")) {
    const [, writer, total] = TOTAL.exec(one) ?? [];
    if (writer === undefined) return null;
    totals.push([writer, Number(total)]);
  }
  return totals;
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

export const retriable = (code: string): Appended => ({ kind: "retriable", code });

/** What is answered for a reply that is none to the call: it is not known what became of the chunk. */
export const oddReply: Appended = retriable("odd_reply");

/** `fenced`: the lease is another owner's now. `unagreed`: the shard does not know our installation; nothing was written. */
export type ChunkAppended = Appended | { readonly kind: "fenced" } | { readonly kind: "unagreed" };

const chunkAppendedOf = (reply: unknown, nonce: string, events: number): ChunkAppended => {
  if (!Array.isArray(reply) || reply.length !== 5) return oddReply;
  const [echo, status, entry, csv, totalsCsv] = reply as unknown[];
  if (echo !== nonce) return oddReply;
  if (status === "FULL") return { kind: "full" };
  if (status === "DIVERTED") return { kind: "diverted" };
  if (status === "FENCED") return { kind: "fenced" };
  if (status === "UNAGREED") return { kind: "unagreed" };
  if (status === "BEHIND") return { kind: "behind" };
  if (status === "ERROR") return { kind: "retriable", code: codeOfText(String(entry)) };
  const duplicates = duplicatesOf(csv, events);
  const totals = totalsOf(totalsCsv);
  if (status !== "OK" || duplicates === null || totals === null) return oddReply;
  const isAdded = typeof entry === "string" && ENTRY_ID.test(entry);
  const isKnown = entry === "" && duplicates.length === events;
  if (!isKnown && !(isAdded && duplicates.length < events)) return oddReply;
  return { kind: "ok", duplicates, totals };
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

/** Reads whose this Redis is: null when it is ours, else why it must not be written to, or did not answer. */
export const askRedis = async (
  belonging: Belonging,
  installation: InstallationRecord,
  deadlineMs: number,
): Promise<string | null> => {
  try {
    belonging.found("redis", await installation.read(deadlineMs));
    return belonging.refusal("redis");
  } catch (error) {
    if (error instanceof Unavailable) return error.code;
    throw error;
  }
};

type Known = Exclude<ChunkAppended, { readonly kind: "unagreed" }>;

/**
 * Appends; those chunks once more, after Redis was asked, whose shards do not know our installation: when a shard is
 * filled for the first time, after Redis was emptied, or when it is another one.
 */
export const appendAgreed = async (
  chunks: readonly ShardChunk[],
  append: (chunks: readonly ShardChunk[], asked: boolean) => Promise<readonly ChunkAppended[]>,
  ask: () => Promise<string | null>,
): Promise<readonly Known[]> => {
  const known = (answer: ChunkAppended | undefined): Known =>
    answer === undefined || answer.kind === "unagreed" ? oddReply : answer;
  const answers = await append(chunks, false);
  const again = chunks.filter((_, i) => answers[i]?.kind === "unagreed");
  if (again.length === 0) return answers.map(known);
  const refusal = await ask();
  const second = refusal === null ? await append(again, true) : again.map(() => retriable(refusal));
  let next = 0;
  return answers.map((answer) => known(answer.kind === "unagreed" ? second[next++] : answer));
};
