import { type EventLimits, encodeChunk, type Platform, readEvent, type SealedEvent, sealEvent } from "@spillway/event";
import { type SQL, sql } from "drizzle-orm";
import type { ISql } from "postgres";

export type EnqueueOptions = {
  /** The same number as everywhere: events of one key must meet in one shard. The table refuses another one. */
  readonly shards: number;
  readonly platform: Platform;
  /**
   * Whose events they are: two with one `source` and `id` are one event if their producers have one name. The name of an
   * API key makes them one with what that key posts. Default "", which no key can be called: all applications without a
   * name share it.
   */
  readonly producer?: string;
  /** `source` of events that name none. */
  readonly source: string;
  /** `id` of events that name none; pass a UUIDv7 generator where one is at hand. Default `crypto.randomUUID`. */
  readonly newId?: () => string;
  /** Default 256 KiB and 64 levels. */
  readonly limits?: EventLimits;
};

/** An application's transaction: of drizzle-orm on any Postgres driver, or of postgres.js. */
export type Transaction = { execute(query: SQL): PromiseLike<unknown> } | ISql;

/** A CloudEvents 1.0 event, of which only `type` is required; or its JSON, which is then kept byte for byte. */
export type NewEvent = { readonly type: string; readonly [attribute: string]: unknown } | Uint8Array;

/** The event breaks a rule of CloudEvents or a limit. An exception, since an application must not commit without it. */
export class EventRefused extends Error {
  readonly code: string;
  readonly pointer: string;

  constructor(code: string, detail: string, pointer: string) {
    super(`${code}: ${detail}`);
    this.name = "EventRefused";
    this.code = code;
    this.pointer = pointer;
  }
}

const LIMITS: EventLimits = { eventBytesMax: 256 * 1024, depthMax: 64 };

const seal = (event: NewEvent, options: EnqueueOptions, nowMs: number): SealedEvent => {
  const { shards, platform, producer = "", source, newId = () => crypto.randomUUID(), limits = LIMITS } = options;
  const bytes = event instanceof Uint8Array ? event : new TextEncoder().encode(JSON.stringify(event));
  const read = readEvent(bytes, { source, newId, nowMs, traceparent: null }, limits);
  if (read.kind === "invalid") throw new EventRefused(read.code, read.detail, read.pointer);
  return sealEvent(read.attributes, read.bytes, shards, platform, producer);
};

/** A driver's way to write a statement: the tag of postgres.js, or of drizzle-orm. */
type Tag<T> = (text: TemplateStringsArray, ...values: (number | string | Uint8Array)[]) => T;

/** Locks: ROW EXCLUSIVE on the table, until the application's transaction is over; waits for nobody. */
const insertRow = <T>(tag: Tag<T>, { shard, dedupKey }: SealedEvent, shards: number, chunk: Uint8Array): T => tag`
  insert into outbox (shard, shards, chunk, events, bytes, dedup_keys)
  values (${shard}, ${shards}, ${chunk}, 1, ${chunk.length}, ${dedupKey})`;

/**
 * Makes `enqueue(tx, event)`: the event is sent if and only if the application's transaction commits. Rejects with
 * `EventRefused`, and with whatever the transaction rejects with: SQLSTATE SPW01 where `shards` is not the installation's. Adds one insert and waits for nobody; order per key
 * is the order of the inserts, for transactions that do not overlap.
 */
export const createEnqueue =
  (options: EnqueueOptions) =>
  async (tx: Transaction, event: NewEvent): Promise<{ readonly id: string }> => {
    const nowMs = Date.now();
    const sealed = seal(event, options, nowMs);
    const chunk = encodeChunk({ receivedAtMs: nowMs, events: [sealed] }, options.platform);
    const { shards } = options;
    if (typeof tx === "function") await insertRow<PromiseLike<unknown>>(tx, sealed, shards, chunk);
    else await tx.execute(insertRow<SQL>(sql, sealed, shards, chunk));
    return { id: sealed.id };
  };
