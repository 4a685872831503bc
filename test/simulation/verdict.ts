import type { SinkRecord } from "@spillway/event";
import { isPoison, RECORD_BYTES_MAX, topics } from "./events.ts";
import { type EventRecord, isBinding } from "./history.ts";
import { type Act, postgresGoesBack, redisGoesBack, redisLoses } from "./nemesis.ts";
import type { Scene } from "./scene.ts";
import { checkLedger } from "./told.ts";

const decoder = new TextDecoder();

type Dead = ReadonlySet<EventRecord>;

/** Where an event first stands. */
type Place = { readonly lane: string; readonly offset: number };

type Landed = { readonly first: ReadonlyMap<EventRecord, Place>; readonly copies: number };

const eachRecord = (scene: Scene, see: (record: SinkRecord, place: Place) => void): void => {
  for (const topic of Object.keys(topics))
    for (const [partition, log] of (scene.memory.topics.get(topic)?.partitions ?? []).entries())
      for (const [offset, record] of log.entries()) see(record, { lane: `${topic}/${partition}`, offset });
};

/** Reads the topics; what nobody attempted, or not so, is unexpected or corrupted. */
const readTopics = (scene: Scene): Landed => {
  const first = new Map<EventRecord, Place>();
  let copies = 0;
  eachRecord(scene, (record, place) => {
    const text = decoder.decode(record.value);
    const known = scene.history.ofText(text);
    if (!known) return scene.violate(`unexpected or corrupted in ${place.lane}: ${text.slice(0, 80)}`);
    if (record.key !== known.event.partitionKey) scene.violate(`${known.event.id} came out under key ${record.key}`);
    copies++;
    if (!first.has(known)) first.set(known, place);
  });
  return { first, copies };
};

const isRefusable = (record: EventRecord): boolean =>
  isPoison(record.text) || record.text.length > RECORD_BYTES_MAX || record.damagedIn.size > 0;

/** What is held of a lane's keys when a newer one of them is taken in the very moment in which the topic is mended: 4 of 10,000 worlds have one. */
const PASSED_MAX = 4;

/** A topic that refuses everything may cost as many good events as it may refuse in a row, for each life of a relay. */
const wrongedMax = ({ history, settings }: Scene): number => {
  const lanes = Object.values(topics).reduce((sum, partitions) => sum + partitions, 0);
  return settings.relay.refusedInARowMax * history.relayLives() * Object.keys(topics).length + PASSED_MAX * lanes;
};

/** All that is held of the one key that is being tried when its topic is mended may die (seed 9075: 17): so of the worst key no more count than are allowed anyway. */
const wrongedBeyondOneKey = (wronged: readonly EventRecord[]): number => {
  const byKey = Map.groupBy(wronged, ({ event }) => event.partitionKey);
  const worst = Math.max(0, ...[...byKey.values()].map((events) => events.length));
  return wronged.length - Math.max(0, worst - PASSED_MAX);
};

/** The events that the dead letters hold, each letter also checked for having a reason. */
const readLetters = (scene: Scene): Set<EventRecord> => {
  const suspicious = scene.plan.acts.some((act) => act.kind === "topic-fault" && act.fault === "suspicious");
  const dead = new Set<EventRecord>();
  const refusing = scene.plan.acts.some((act) => act.kind === "topic-fault" && act.fault === "refusing");
  const wronged: EventRecord[] = [];
  for (const letter of scene.memory.letters.all()) {
    const record = scene.history.ofText(decoder.decode(letter.bytes));
    if (record) dead.add(record);
    if (record && !isRefusable(record) && !suspicious) {
      if (refusing) wronged.push(record);
      else scene.violate(`${record.event.id} died of ${letter.code}`);
    }
    if (!record && letter.index >= 0) scene.violate(`unexpected dead letter ${letter.shard}/${letter.entry}`);
  }
  const forNothing = wrongedBeyondOneKey(wronged) - wrongedMax(scene);
  if (forNothing > 0) scene.violate(`${forNothing} good events died of a topic that refused everything`);
  const undecodable = scene.memory.letters.all().filter((letter) => letter.index < 0);
  const damaged = new Set(undecodable.map(({ shard, entry }) => `${shard}/${entry}`));
  for (const record of scene.history.records())
    if ([...record.damagedIn].some((entry) => damaged.has(entry))) dead.add(record);
  return dead;
};

/** One life of an event dies once, whoever buries it and from which entry; a whole chunk once in its entry. */
const checkLives = ({ memory, violate }: Scene): void => {
  const lives = new Set<string>();
  for (const { identity, replay, shard, entry } of memory.letters.all()) {
    const life = identity === null ? `chunk ${shard}/${entry}` : `event ${identity} in life ${replay}`;
    if (lives.has(life)) violate(`two letters of ${life}`);
    lives.add(life);
  }
};

const checkLoss = (scene: Scene, landed: Landed, dead: ReadonlySet<EventRecord>): void => {
  for (const record of scene.history.records()) {
    if (!record.accepted || (record.wiped && (!record.safe || record.copyLost)) || record.rowsLost > 0 || record.untold)
      continue;
    if (!landed.first.has(record) && !dead.has(record)) scene.violate(`${record.event.id} is lost`);
  }
};

/** A letter that was sent back must have come out, or have died again, unless its entry was emptied away or damaged. */
const checkReplays = (scene: Scene, landed: Landed): void => {
  const isLosing = ({ kind }: Act): boolean => redisLoses(kind) || postgresGoesBack(kind) || kind === "damage-entry";
  if (scene.plan.acts.some(isLosing)) return;
  const letters = scene.memory.letters.all();
  for (const letter of letters) {
    if (letter.replayedBy === null) continue;
    const text = decoder.decode(letter.bytes);
    const record = scene.history.ofText(text);
    const again = letters.some((one) => one.replay === letter.replay + 1 && decoder.decode(one.bytes) === text);
    if (!again && !(record && landed.first.has(record))) scene.violate(`the replay of ${record?.event.id} is lost`);
  }
};

const checkOrder = (scene: Scene, landed: Landed, dead: Dead): void => {
  // A Redis that went back has another diversion and other leases than the relays know of; what was parked is in Postgres.
  const hasGoneBack = scene.plan.acts.some(({ kind }) => redisGoesBack(kind));
  for (const [record, place] of landed.first) {
    for (const precedence of record.precedences) {
      // What was refused for good has lost its place: a topic that takes it after all may have taken newer ones before.
      if (precedence.before.refused || (hasGoneBack && !precedence.before.parkedThen)) continue;
      const before = landed.first.get(precedence.before);
      if (!before || before.lane !== place.lane || dead.has(precedence.before)) continue;
      if (before.offset > place.offset && isBinding(record, precedence))
        scene.violate(`${record.event.id} overtook ${precedence.before.event.id} (${precedence.because})`);
    }
  }
};

/** accepted = relayed + dead + parked + what the stream holds, in every shard; and what is counted as parked is parked. */
const checkIdentity = ({ memory, settings, violate }: Scene): void => {
  for (let shard = 0; shard < settings.shards; shard++) {
    const { accepted, relayed, dead, parked, backlogBytes } = memory.streams.counts(shard);
    const entries = memory.streams.entriesAfter(shard, "0", 10_000);
    const pending = entries.reduce((sum, entry) => sum + entry.events, 0);
    const bytes = entries.reduce((sum, entry) => sum + entry.storedBytes, 0);
    if (accepted !== relayed + dead + parked + pending || backlogBytes !== bytes)
      violate(
        `shard ${shard}: ${accepted} accepted, ${relayed} relayed, ${dead} dead, ${parked} parked, ${pending} pending`,
      );
  }
};

/** Where nothing went wrong, nothing comes out twice and nobody falls back: an eager fallback costs what it protects. */
const checkCalm = ({ weather, history, violate }: Scene, landed: Landed): void => {
  if (!weather.isCalm) return;
  if (history.outboxChunks() > 0) violate(`${history.outboxChunks()} chunks went to the outbox for no reason`);
  // One that must be in both is refused while an edge does not know yet that it may open its shard.
  const events = history.records().filter(({ durable }) => durable).length;
  if (landed.copies !== events) violate(`${events} events came out as ${landed.copies} records for no reason`);
};

export type Outcomes = { readonly accepted: number; readonly copies: number; readonly dead: number };

/** Compares what came out with what was promised. */
export const judge = (scene: Scene): Outcomes => {
  const landed = readTopics(scene);
  const dead = readLetters(scene);
  checkLives(scene);
  checkLoss(scene, landed, dead);
  checkReplays(scene, landed);
  checkOrder(scene, landed, dead);
  checkIdentity(scene);
  checkLedger(scene, (record) => landed.first.has(record) || dead.has(record), dead);
  checkCalm(scene, landed);
  const accepted = scene.history.records().filter((record) => record.accepted).length;
  return { accepted, copies: landed.copies, dead: dead.size };
};
