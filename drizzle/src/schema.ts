import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  customType,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { moment } from "./moment.ts";

export * from "./dashboard-tables.ts";

/*
 * Names are unqualified on purpose: whoever shares a database with an application puts the tables into a schema of
 * their own through the connection's search_path.
 */

/** drizzle-orm 0.45 has no bytea. postgres.js takes any Uint8Array and gives a Buffer. */
const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => "bytea" });

const multirange = customType<{ data: string; driverData: string }>({ dataType: () => "int8multirange" });

const range = customType<{ data: string; driverData: string }>({ dataType: () => "int8range" });

/** Which events of which writer a chunk is in its stream, or may be; each number stands for one event for good. */
const named = () => ({ writer: text(), numbers: range("numbers") });

/** Of a chunk's events, in their order, without a separator: what a lookup searches. Null: written by a hand. */
const dedupKeys = () => text("dedup_keys");

/** Of a writer's events. */
const numbers = (name: string) => multirange(name).notNull().default("{}");

/** Which Spillway this database is of: one row, written once by a relay and never changed; its `id` stands in Redis, too. */
export const installation = pgTable(
  "installation",
  {
    /** That there is one row. */
    one: boolean().primaryKey().default(true),
    id: text().notNull(),
    namespace: text().notNull(),
    shards: integer().notNull(),
    createdAt: moment("created_at").notNull().defaultNow(),
  },
  (table) => [check("installation_one", sql`${table.one}`), check("installation_shards", sql`${table.shards} > 0`)],
);

/** Chunks that wait to enter the stream. A row lives until the transaction that saw its append succeed deletes it. */
export const outbox = pgTable(
  "outbox",
  {
    id: bigint({ mode: "bigint" }).primaryKey().generatedAlwaysAsIdentity(),
    shard: integer().notNull(),
    chunk: bytea().notNull(),
    events: integer().notNull(),
    bytes: integer().notNull(),
    createdAt: moment("created_at").notNull().defaultNow(),
    /** The number of shards that the writer took the shard from. A trigger refuses another one than the installation's. */
    shards: integer(),
    ...named(),
    /** The edge's writer that put it there, and how many of its events of this shard there were with this row. */
    putBy: text("put_by"),
    putTotal: bigint("put_total", { mode: "number" }),
    dedupKeys: dedupKeys(),
  },
  (table) => [index("outbox_shard_id").on(table.shard, table.id)],
);

/** Chunks of a stream once more, until they are settled there: of events that are to be in both. */
export const copies = pgTable(
  "copies",
  {
    /** Of the outbox's sequence: rows of both tables stand in one order. */
    id: bigint({ mode: "bigint" }).primaryKey().default(sql`nextval('outbox_id_seq')`),
    shard: integer().notNull(),
    /** From the checksum of the chunk in which its events are in the stream. */
    key: uuid().notNull(),
    chunk: bytea().notNull(),
    events: integer().notNull(),
    bytes: integer().notNull(),
    createdAt: moment("created_at").notNull().defaultNow(),
    shards: integer(),
    ...named(),
    dedupKeys: dedupKeys(),
  },
  (table) => [index("copies_shard_id").on(table.shard, table.id), index("copies_key").on(table.key)],
);

/**
 * Events that the sink refused for good. At most one of `replayedAt` and `discardedAt` is set; with neither the letter
 * waits for an operator.
 */
export const deadLetters = pgTable(
  "dead_letters",
  {
    id: bigint({ mode: "bigint" }).primaryKey().generatedAlwaysAsIdentity(),
    shard: integer().notNull(),
    entry: text().notNull(),
    index: integer().notNull(),
    deadLetterClass: text("class", { enum: ["poison", "oversize", "rejected", "undecodable"] }).notNull(),
    code: text().notNull(),
    detail: text().notNull(),
    topic: text(),
    type: text(),
    partitionKey: text("partition_key"),
    traceparent: text(),
    tracestate: text(),
    /** Of the event in all its lives. The column has the name of what is made of it. */
    identity: text("dedup_key"),
    replay: integer().notNull(),
    attempts: integer().notNull(),
    receivedAt: moment("received_at"),
    bytes: bytea().notNull(),
    /** Read out of the event's bytes; null when they cannot be. */
    source: text(),
    eventId: text("event_id"),
    /** When the event died for the first time: the same in all letters of one event. */
    firstFailedAt: moment("first_failed_at").notNull().defaultNow(),
    createdAt: moment("created_at").notNull().defaultNow(),
    replayedAt: moment("replayed_at"),
    discardedAt: moment("discarded_at"),
    discardReason: text("discard_reason"),
    /** Of letters that an operator decides together. A column, because an index alone does not answer from an expression. */
    group: bigint("group_key", { mode: "bigint" }).generatedAlwaysAs(
      sql`hashtextextended(class || chr(31) || code || chr(31) || coalesce(topic, '') || chr(31) || coalesce(type, ''), 0)`,
    ),
  },
  (table) => [
    // An entry can be there twice (a flush, a failover, the outbox), and its id can be given twice.
    uniqueIndex("dead_letters_life").on(table.identity, table.replay).where(sql`${table.identity} is not null`),
    uniqueIndex("dead_letters_place").on(table.shard, table.entry, table.index).where(sql`${table.identity} is null`),
    // A hash, because 1,024 characters of an attribute can be more than the 2,704 bytes that an index row may have.
    index("dead_letters_type").on(sql`hashtextextended(${table.type}, 0)`, table.id),
    index("dead_letters_key").on(sql`hashtextextended(${table.partitionKey}, 0)`, table.id),
    index("dead_letters_event_id").on(sql`hashtextextended(${table.eventId}, 0)`, table.id),
    index("dead_letters_class").on(table.deadLetterClass, table.id),
    index("dead_letters_created").on(table.createdAt, table.id),
    index("dead_letters_group").on(table.group, table.id),
    // Groups are counted in it, by their days, without a look at the letters.
    index("dead_letters_waiting_group")
      .on(table.group, table.id, table.createdAt)
      .where(sql`${table.replayedAt} is null and ${table.discardedAt} is null`),
    index("dead_letters_replayed").on(table.id).where(sql`${table.replayedAt} is not null`),
    index("dead_letters_discarded").on(table.id).where(sql`${table.discardedAt} is not null`),
    index("dead_letters_waiting")
      .on(table.id, table.deadLetterClass)
      .where(sql`${table.replayedAt} is null and ${table.discardedAt} is null`),
    check("dead_letters_one_end", sql`${table.replayedAt} is null or ${table.discardedAt} is null`),
  ],
);

/** Who did what to a dead letter; kept as long as the letter. */
export const deadLetterActions = pgTable(
  "dead_letter_actions",
  {
    id: bigint({ mode: "bigint" }).primaryKey().generatedAlwaysAsIdentity(),
    letter: bigint({ mode: "bigint" })
      .notNull()
      .references(() => deadLetters.id, { onDelete: "cascade" }),
    action: text({ enum: ["replay", "discard", "restore"] }).notNull(),
    actor: text().notNull(),
    reason: text(),
    /** Which did it; null: one letter was decided by itself. */
    job: bigint({ mode: "bigint" }),
    createdAt: moment("created_at").notNull().defaultNow(),
  },
  (table) => [
    index("dead_letter_actions_letter").on(table.letter, table.id),
    index("dead_letter_actions_job").on(table.job, table.letter).where(sql`${table.job} is not null`),
  ],
);

/** Many dead letters decided at once, by a runner that holds the lease (libs/dead-letters, Jobs). Never deleted. */
export const deadLetterJobs = pgTable(
  "dead_letter_jobs",
  {
    id: bigint({ mode: "bigint" }).primaryKey().generatedAlwaysAsIdentity(),
    kind: text({ enum: ["replay", "discard", "restore"] }).notNull(),
    state: text({ enum: ["running", "paused", "arriving", "done", "cancelled", "stopped"] })
      .notNull()
      .default("running"),
    /** Without a relative time, and with a last letter: what it decides does not grow. */
    filter: jsonb().notNull(),
    /** The job whose discards a restore takes back; it then has no filter. */
    undoes: bigint({ mode: "bigint" }),
    actor: text().notNull(),
    address: text().notNull(),
    reason: text(),
    /** How many letters its plan counted. */
    planned: integer().notNull(),
    /** Letters a second at most. */
    rate: integer().notNull(),
    /** It stops when more of its letters died again. */
    deathsMax: integer("deaths_max").notNull(),
    /** Letters up to this one were looked at. */
    cursor: bigint({ mode: "bigint" }).notNull().default(sql`0`),
    /** How many were left as they are, by the code of why. */
    skipped: jsonb().notNull().default({}),
    /** Of the form that ordered it: sent again, it orders nothing more. Null: it was begun before forms had one. */
    orderKey: text("order_key").unique(),
    runner: text(),
    leaseUntil: moment("lease_until"),
    /** Since then none of its events is in the outbox. */
    drainedAt: moment("drained_at"),
    createdAt: moment("created_at").notNull().defaultNow(),
    endedAt: moment("ended_at"),
  },
  (table) => [index("dead_letter_jobs_open").on(table.id).where(sql`${table.state} in ('running', 'arriving')`)],
);

/** What operators did, written before it is done. Never changed but for `result`, never deleted. */
export const audit = pgTable("audit", {
  id: bigint({ mode: "bigint" }).primaryKey().generatedAlwaysAsIdentity(),
  at: moment("at").notNull().defaultNow(),
  actor: text().notNull(),
  address: text().notNull(),
  action: text().notNull(),
  subject: text().notNull(),
  reason: text(),
  /** Null: nobody knows whether it was done. */
  result: text(),
});

/** Each topic of a shard of which events were parked ever, with what waits of it now. Never deleted: `token` keeps former owners out. */
export const parking = pgTable(
  "parking",
  {
    shard: integer().notNull(),
    topic: text().notNull(),
    /** Of the lease whose owner alone may put events. */
    token: bigint({ mode: "number" }).notNull(),
    since: moment("since").notNull().defaultNow(),
    code: text().notNull(),
    events: bigint({ mode: "number" }).notNull().default(0),
    bytes: bigint({ mode: "number" }).notNull().default(0),
    /** Of all events that left it, those that became dead letters. */
    died: bigint({ mode: "number" }).notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.shard, table.topic] })],
);

/** Events that wait for their topic outside of the stream, in the order of their ids; each a chunk of its own. */
export const parkedEvents = pgTable(
  "parked_events",
  {
    id: bigint({ mode: "bigint" }).primaryKey().generatedAlwaysAsIdentity(),
    shard: integer().notNull(),
    topic: text().notNull(),
    /** The stream entry's. */
    ref: text().notNull(),
    index: integer().notNull(),
    chunk: bytea().notNull(),
    /** Who has put it, and its number among all that was put so (libs/outbox, Accounts); null: by a Spillway that had none. */
    putBy: text("put_by"),
    number: bigint({ mode: "number" }),
    createdAt: moment("created_at").notNull().defaultNow(),
    dedupKey: text("dedup_key"),
  },
  (table) => [
    uniqueIndex("parked_events_place").on(table.shard, table.ref, table.index),
    index("parked_events_topic").on(table.shard, table.topic, table.id),
    index("parked_events_dedup_key").on(table.dedupKey),
  ],
);

/** The last copy of a shard's counters outside of Redis, and what was found missing. */
export const shardCheckpoints = pgTable("shard_checkpoints", {
  shard: integer().primaryKey(),
  /** The place of this copy: of the lease that its writer held, and among its copies. */
  token: bigint({ mode: "number" }).notNull().default(0),
  sequence: bigint({ mode: "number" }).notNull().default(0),
  epoch: text(),
  accepted: bigint({ mode: "number" }).notNull(),
  duplicate: bigint({ mode: "number" }).notNull(),
  relayed: bigint({ mode: "number" }).notNull(),
  dead: bigint({ mode: "number" }).notNull(),
  parked: bigint({ mode: "number" }).notNull().default(0),
  backlogBytes: bigint("backlog_bytes", { mode: "number" }).notNull(),
  /** What was acknowledged and is nowhere, as far as no operator was told; `folded` is the part of writers without a row. */
  unaccounted: bigint({ mode: "number" }).notNull().default(0),
  folded: bigint({ mode: "number" }).notNull().default(0),
  /** What Redis had and is nowhere, of which nobody knows whether it was acknowledged. */
  possible: bigint({ mode: "number" }).notNull().default(0),
  updatedAt: moment("updated_at").notNull().defaultNow(),
});

/**
 * Each life of a process that appended to a shard's stream or outbox: how many events it acknowledged there, and which of them,
 * numbered from 0, have met their end. A row goes when its writer is dead for long.
 */
export const shardWriters = pgTable(
  "shard_writers",
  {
    shard: integer().notNull(),
    writer: text().notNull(),
    acknowledged: bigint({ mode: "number" }).notNull().default(0),
    /** Of a writer of the outbox: how many have been there. Where Postgres went back it is less than was acknowledged. */
    had: bigint({ mode: "number" }).notNull().default(0),
    ended: numbers("ended"),
    /** How many of them Redis was seen to have. Where its process died it may have acknowledged so many, and told nobody. */
    inRedis: bigint("in_redis", { mode: "number" }).notNull().default(0),
    /** As the last copy found it, without what an operator has acknowledged. */
    lost: numbers("lost"),
    possible: numbers("possible"),
    forgiven: numbers("forgiven"),
    seenAt: moment("seen_at").notNull().defaultNow(),
    /** Nothing is appended under it any more, but what was under way when its process said so. */
    givenUp: boolean("given_up").notNull().default(false),
    /** Since then nothing of it is left to look at. The row stays, or who tells late what they were answered would begin it anew. */
    retiredAt: moment("retired_at"),
  },
  (table) => [
    primaryKey({ columns: [table.shard, table.writer] }),
    index("shard_writers_counted").on(table.shard).where(sql`${table.retiredAt} is null`),
  ],
);

/** Losses that an operator has acknowledged: how many events, who and when. */
export const lossAcknowledgements = pgTable("loss_acknowledgements", {
  id: bigint({ mode: "bigint" }).primaryKey().generatedAlwaysAsIdentity(),
  shard: integer().notNull(),
  events: bigint({ mode: "number" }).notNull(),
  actor: text().notNull(),
  createdAt: moment("created_at").notNull().defaultNow(),
});

/** Types of events that have schemas, and what is done with an event that breaks its own. */
export const schemaTypes = pgTable("schema_types", {
  type: text().primaryKey(),
  mode: text({ enum: ["off", "warn", "enforce"] }).notNull(),
  /** The number of the last change of it, of all changes of all types. */
  change: bigint({ mode: "number" }).notNull(),
});

/** JSON Schemas, as they were registered. No row is changed or deleted: an event may name one by its id. */
export const schemaVersions = pgTable(
  "schema_versions",
  {
    id: integer().primaryKey().generatedAlwaysAsIdentity(),
    type: text().notNull(),
    version: integer().notNull(),
    schema: text().notNull(),
    /** The name of the key. */
    registeredBy: text("registered_by").notNull(),
    createdAt: moment("created_at").notNull().defaultNow(),
  },
  (table) => [uniqueIndex("schema_versions_place").on(table.type, table.version)],
);

/** One row: how many changes there were. Who changes anything locks it first, so that they are seen in the order of their numbers. */
export const schemaChanges = pgTable(
  "schema_changes",
  {
    one: boolean().primaryKey().default(true),
    change: bigint({ mode: "number" }).notNull().default(0),
  },
  (table) => [check("schema_changes_one", sql`${table.one}`)],
);
