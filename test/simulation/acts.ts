import {
  type DeadLetter,
  decodeChunk,
  dedupKeysOf,
  type Entry,
  encodeChunk,
  type SealedEvent,
  type ShardChunk,
} from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { readChunk, Unreadable } from "@spillway/relay/shard/undecodable.ts";
import type { EventSource } from "./events.ts";
import type { EventRecord, History } from "./history.ts";
import type { Act } from "./nemesis.ts";
import { START_MS } from "./process.ts";
import type { Scene } from "./scene.ts";

const chunkOf = (event: SealedEvent, receivedAtMs: number): ShardChunk => ({
  shard: event.shard,
  chunk: encodeChunk({ receivedAtMs, events: [event] }, platform),
  events: 1,
  dedupKeys: dedupKeysOf([event]),
});

const hostOf = ({ edges, relays }: Scene, host: number) => (host < 2 ? edges[host] : relays[host - 2]);

/** The events that an entry holds and that are to be relayed from it. */
const recordsIn = (shard: number, entry: Entry, history: History): EventRecord[] => {
  const place = `${shard}/${entry.id}`;
  if (history.isDamaged(place)) return history.records().filter((record) => record.damagedIn.has(place));
  const { events } = decodeChunk(entry.chunk, platform);
  const relayed = events.filter((_, index) => !entry.skip.includes(index));
  return relayed.flatMap((event) => history.ofDedupKey(event.dedupKey) ?? []);
};

/** What waits in a stream when it is emptied, and is nowhere else, is the one thing that may be lost. */
const emptyStreams = ({ memory, history, settings, servers }: Scene, clockBehindMs: number): void => {
  for (let shard = 0; shard < settings.shards; shard++) {
    for (const entry of memory.streams.entriesAfter(shard, "0", 10_000))
      for (const record of recordsIn(shard, entry, history)) history.wiped(record);
  }
  history.emptied();
  memory.streams.empty();
  servers.setBack(clockBehindMs);
};

/** An older replica is promoted, or the end of the AOF is lost: what came since is gone, and what left is there again. */
const goBack = ({ memory, history, settings }: Scene, bringBack: () => void): void => {
  const shards = Array.from({ length: settings.shards }, (_, shard) => shard);
  const before = shards.map((shard) => memory.streams.entriesAfter(shard, "0", 10_000));
  bringBack();
  for (const { shard, topic } of memory.parked.all())
    for (const { chunk } of memory.parked.rows(shard, topic))
      for (const one of eventsIn(chunk, history)) history.isParked(one);
  for (const shard of shards) {
    const refs = new Set(memory.streams.entriesAfter(shard, "0", 10_000).map(({ ref }) => ref));
    for (const entry of before[shard] ?? [])
      if (!refs.has(entry.ref)) for (const record of recordsIn(shard, entry, history)) history.wiped(record);
    history.divert(shard, memory.streams.diverted(shard));
  }
};

const eventsIn = (chunk: Uint8Array, history: History): EventRecord[] => {
  const read = readChunk(chunk, platform);
  return read instanceof Unreadable ? [] : read.events.flatMap(({ dedupKey }) => history.ofDedupKey(dedupKey) ?? []);
};

/** Its own event; or, when it is an entry that nobody could read, all that was damaged in that. */
const eventsOfLetter = ({ shard, entry, bytes }: DeadLetter, history: History): EventRecord[] => {
  const record = history.ofText(new TextDecoder().decode(bytes));
  return record ? [record] : history.records().filter(({ damagedIn }) => damagedIn.has(`${shard}/${entry}`));
};

/** An asynchronous standby is promoted: what was committed since it was last in step is gone, and what was deleted is there again. */
const postgresGoesBack = ({ memory, history, books, settings }: Scene, bringBack: () => void): void => {
  const shards = Array.from({ length: settings.shards }, (_, shard) => shard);
  const now = () => ({
    rows: shards.flatMap((shard) => memory.outbox.rows(shard)),
    copies: shards.flatMap((shard) => memory.outbox.copies(shard)),
    others: [
      ...memory.parked.all().flatMap(({ shard, topic }) => memory.parked.rows(shard, topic)),
      ...memory.letters.all().map((letter) => ({ letter })),
    ],
  });
  const before = now();
  bringBack();
  const after = now();
  for (const row of before.rows.filter((one) => !after.rows.includes(one)))
    for (const record of eventsIn(row.chunk, history)) history.gone(record, row.putBy === null ? "untold" : "row");
  const copies = new Set(after.copies.map(({ id }) => id));
  for (const copy of before.copies.filter(({ id }) => !copies.has(id)))
    for (const record of eventsIn(copy.chunk, history)) history.copyGone(record);
  const letters = new Set(memory.letters.all().map(({ id }) => id));
  for (const other of before.others)
    if ("letter" in other ? !letters.has(other.letter.id) : !after.others.includes(other)) {
      const records = "letter" in other ? eventsOfLetter(other.letter, history) : eventsIn(other.chunk, history);
      for (const one of records) history.gone(one, "letter" in other ? "untold" : "parked");
    }
  books.postgresWentBack();
};

/** Each to a moment of its own, and both at once. */
const bothGoBack = (scene: Scene, { ms, redisLaterMs }: Extract<Act, { kind: "both-go-back" }>): void => {
  const { memory, timeline } = scene;
  const bringPostgresBack = memory.rememberPostgres();
  let loseRedis = () => emptyStreams(scene, 0);
  if (redisLaterMs !== null)
    timeline.after(redisLaterMs, () => {
      const bringBack = memory.streams.remember();
      loseRedis = () => goBack(scene, bringBack);
    });
  timeline.after(ms, () => {
    loseRedis();
    postgresGoesBack(scene, bringPostgresBack);
  });
};

/** A byte on a disk changes: the entry cannot be decoded any more, or nobody knows which of its events are duplicates. */
const damageEntry = ({ memory, random, settings, history }: Scene, part: "chunk" | "metadata"): void => {
  const shard = random.below(settings.shards);
  const entries = memory.streams.entriesAfter(shard, "0", 10_000);
  const entry = entries.find(({ id }) => !history.isDamaged(`${shard}/${id}`));
  if (!entry) return;
  history.damaged(`${shard}/${entry.id}`, recordsIn(shard, entry, history));
  memory.streams.damage(shard, entry.id, part);
};

const wrongTypes: readonly object[] = [{ type: 7 }, { partitionKey: 7 }, { traceparent: {} }, { replay: 0.5 }];

/** A writer that knows no types sends a chunk whose checksum is right. */
const appendWrongTypes = ({ memory, random, settings, history }: Scene, by: "stream" | "outbox"): void => {
  const shard = random.below(settings.shards);
  const identity = platform.digest96(`wrong types ${random.below(1_000_000)}`);
  const right = { identity, dedupKey: identity, type: "t", partitionKey: "k1", traceparent: null, replay: 0 };
  const event = { ...right, bytes: new Uint8Array(), ...random.pick(wrongTypes) };
  const chunk = encodeChunk({ receivedAtMs: START_MS, events: [event] }, platform);
  const row: ShardChunk = { shard, chunk, events: 1, dedupKeys: identity };
  if (by === "outbox") {
    const transaction = memory.outbox.begin();
    transaction.insert(row);
    transaction.commit();
  } else if (memory.streams.append(row, true).kind === "ok") {
    const entry = memory.streams.entriesAfter(shard, "0", 10_000).at(-1);
    history.damaged(`${shard}/${entry?.id}`, []);
    history.intruded(shard);
  }
};

/** An application records an event in a transaction of its own, and commits after a while, or does not. */
const applicationInsert = (scene: Scene, source: EventSource, ms: number, commits: boolean): void => {
  const { memory, timeline, history, random, trace } = scene;
  const event = source.next(random.pick(["k1", "k2"]));
  const transaction = memory.outbox.begin();
  transaction.insert(chunkOf(event, START_MS + Math.floor(timeline.nowMs())));
  const record = history.inserted(event);
  timeline.after(ms, () => {
    trace.note(`the application ${commits ? "commits" : "rolls back"} ${event.id}`);
    if (!commits || transaction.isLost()) return transaction.rollback();
    history.committed(record);
    transaction.commit();
  });
};

const replay = ({ memory, trace }: Scene): void => {
  for (const { id, shard, entry, index } of memory.letters.all())
    void memory.replay([id], { by: "operator" }).then(({ replayed }) => {
      if (replayed.length > 0) trace.note(`replays ${shard}/${entry}/${index}`);
    });
};

/** Does what the plan says, now. */
export const perform = (scene: Scene, act: Act, source: EventSource): void => {
  const { timeline, broker, trace, memory } = scene;
  trace.note(`act ${JSON.stringify(act)}`);
  switch (act.kind) {
    case "kill":
      hostOf(scene, act.host)?.process()?.kill();
      break;
    case "freeze":
      hostOf(scene, act.host)?.process()?.freeze(act.ms);
      break;
    case "terminate":
      if (act.host >= 2) scene.relays[act.host - 2]?.running()?.app.terminate();
      break;
    case "empty-streams":
      emptyStreams(scene, act.clockBehindMs);
      break;
    case "go-back": {
      const bringBack = memory.streams.remember();
      timeline.after(act.ms, () => goBack(scene, bringBack));
      break;
    }
    case "postgres-goes-back": {
      const bringBack = memory.rememberPostgres();
      timeline.after(act.ms, () => postgresGoesBack(scene, bringBack));
      break;
    }
    case "both-go-back":
      bothGoBack(scene, act);
      break;
    case "weak-redis":
      memory.promise.become({ state: "broken", because: ["appendonly"] });
      timeline.after(act.ms, () => memory.promise.become({ state: "kept" }));
      break;
    case "damage-entry":
      damageEntry(scene, act.part);
      break;
    case "wrong-types":
      appendWrongTypes(scene, act.by);
      break;
    case "topic-fault":
      broker.fault(act.fault);
      timeline.after(act.ms, () => broker.fault(null));
      break;
    case "topic-stands":
      timeline.after(act.ms, broker.stand(act.topic, act.why));
      break;
    case "application-insert":
      applicationInsert(scene, source, act.ms, act.commits);
      break;
    case "stranger":
      scene.strangers.meet(act.edge, act.whose, act.ms);
      break;
    case "accept-poison":
      broker.acceptPoison();
      break;
    case "replay":
      replay(scene);
  }
};
