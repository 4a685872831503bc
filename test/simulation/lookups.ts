import { createLookup, type EventState, type Sights } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { topics } from "./events.ts";
import type { EventRecord } from "./history.ts";
import { postgresGoesBack, redisLoses } from "./nemesis.ts";
import type { Random } from "./random.ts";
import type { Scene } from "./scene.ts";

const LOOKS = 60;
/** Looks go on for so long when the faults are over. */
const AFTER_MS = 3_000;
const LATENCY_MS_MAX = 30;
const PATIENCE_MS = 10_000;

const decoder = new TextDecoder();

const isInKafka = ({ memory }: Scene, { text }: EventRecord): boolean =>
  Object.keys(topics).some((topic) =>
    memory.topics.get(topic)?.partitions.some((log) => log.some(({ value }) => decoder.decode(value) === text)),
  );

const isDead = ({ memory }: Scene, { text, damagedIn }: EventRecord): boolean =>
  memory.letters
    .all()
    .some(({ bytes, shard, entry }) => decoder.decode(bytes) === text || damagedIn.has(`${shard}/${entry}`));

/** What is wrong with an answer, or null. `wasDurable`: when it was asked. */
const wrongOf = (scene: Scene, record: EventRecord, state: EventState, wasDurable: boolean): string | null => {
  if (state.status === "not_seen") return wasDurable ? "not seen, and was durable" : null;
  if (state.status === "relayed") return isInKafka(scene, record) ? null : "relayed, and is not in Kafka";
  if (state.status === "dead") return isDead(scene, record) ? null : "dead, and there is no letter of it";
  return null;
};

/**
 * Somebody asks again and again what became of events. Its chances and the order of its appointments are its own, so that it shifts
 * nothing of what happens besides. `broken`: what a bug makes of the ports.
 */
export const watchLookups = (scene: Scene, random: Random, broken: (sights: Sights) => Sights): void => {
  const { timeline, memory, history, weather, settings, violate, plan } = scene;
  // By such an act an event's fate is forgotten.
  if (plan.acts.some(({ kind }) => redisLoses(kind) || postgresGoesBack(kind))) return;
  const after = (ms: number, happen: () => void) => timeline.after(ms, happen, random.next());
  const pause = () => new Promise<void>((resolve) => after(random.between(0, LATENCY_MS_MAX), resolve));
  const slow =
    <A extends readonly unknown[], T>(ask: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      await pause();
      const answer = await ask(...args);
      await pause();
      return answer;
    };
  const { stream, outbox, parked, letter } = memory.sights;
  const seen = { stream: slow(stream), outbox: slow(outbox), parked: slow(parked), letter: slow(letter) };
  const lookUp = createLookup(broken(seen), platform, { monotonicMs: timeline.nowMs });
  const shards = Array.from({ length: settings.shards }, (_, shard) => shard);

  const look = async (): Promise<void> => {
    const records = history.records();
    if (records.length === 0) return;
    const record = random.pick(records);
    const [producer = "", id = ""] = record.event.id.split("-");
    const wasDurable = record.durable;
    const state = await lookUp({ producer, source: "simulation", id, shards }, PATIENCE_MS);
    const wrong = wrongOf(scene, record, state, wasDurable);
    if (wrong !== null) violate(`a lookup of ${record.event.id} says ${wrong}`);
  };
  for (let n = 0; n < LOOKS; n++)
    after(random.between(0, weather.healAtMs + AFTER_MS), () => void look().catch(violate));
};
