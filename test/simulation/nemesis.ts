import type { Backend } from "@spillway/memory";
import type { topics } from "./events.ts";
import type { Outage } from "./fate.ts";
import type { Random } from "./random.ts";
import type { Stranger } from "./strangers.ts";

/** What is done to the whole world, and when. */
export type Act =
  | { readonly kind: "kill" | "terminate"; readonly atMs: number; readonly host: number }
  | { readonly kind: "freeze"; readonly atMs: number; readonly host: number; readonly ms: number }
  | { readonly kind: "empty-streams"; readonly atMs: number; readonly clockBehindMs: number }
  | { readonly kind: "go-back" | "postgres-goes-back"; readonly atMs: number; readonly ms: number }
  /** Redis, too: to as it was `redisLaterMs` after that moment, or, null, to nothing. */
  | {
      readonly kind: "both-go-back";
      readonly atMs: number;
      readonly ms: number;
      readonly redisLaterMs: number | null;
    }
  | { readonly kind: "damage-entry"; readonly atMs: number; readonly part: "chunk" | "metadata" }
  | { readonly kind: "wrong-types"; readonly atMs: number; readonly by: "stream" | "outbox" }
  | { readonly kind: "weak-redis"; readonly atMs: number; readonly ms: number }
  | { readonly kind: "topic-fault"; readonly atMs: number; readonly ms: number; readonly fault: TopicFault }
  | {
      readonly kind: "topic-stands";
      readonly atMs: number;
      readonly ms: number;
      readonly topic: TopicName;
      readonly why: Standing;
    }
  | { readonly kind: "application-insert"; readonly atMs: number; readonly ms: number; readonly commits: boolean }
  | { readonly kind: "accept-poison"; readonly atMs: number }
  | {
      readonly kind: "stranger";
      readonly atMs: number;
      readonly ms: number;
      readonly edge: number;
      readonly whose: Stranger;
    }
  | { readonly kind: "replay"; readonly atMs: number };

/** How a topic refuses: its leader moves, its access is revoked, or it has a word to say about each record, or a last one. */
export type TopicFault = "moved" | "forbidden" | "suspicious" | "refusing";

/** Why one topic takes nothing for long, while the others go on. */
export type Standing = "missing" | "moved" | "forbidden";
type TopicName = keyof typeof topics;

export type Plan = {
  readonly acts: readonly Act[];
  readonly outages: readonly Outage[];
  /** One in this many events has content that the broker refuses; 0 for none. */
  readonly badContentEvery: number;
};

export const redisLoses = (kind: Act["kind"]): boolean => kind === "empty-streams" || redisGoesBack(kind);
export const redisGoesBack = (kind: Act["kind"]): boolean => kind === "go-back" || kind === "both-go-back";
export const postgresGoesBack = (kind: Act["kind"]): boolean =>
  kind === "postgres-goes-back" || kind === "both-go-back";

const backends: readonly Backend[] = ["redis", "postgres", "kafka"];
const topicFaults: readonly TopicFault[] = ["moved", "forbidden", "suspicious"];

const createOutages = (random: Random, healAtMs: number): Outage[] =>
  backends
    .filter(() => random.chance(0.35))
    .map((backend) => {
      const fromMs = random.below(healAtMs);
      const untilMs = Math.min(healAtMs, fromMs + random.between(100, 2_000));
      return { backend, kind: random.pick(["refuses", "hangs"]), fromMs, untilMs };
    });

/** Of Postgres alone, of both at once, or none. */
const createLossOfPostgres = (random: Random, healAtMs: number): Act[] => {
  const isAlone = random.chance(0.25);
  if (!isAlone && !random.chance(0.25)) return [];
  const atMs = random.below(healAtMs);
  const ms = random.between(50, Math.max(60, healAtMs - atMs));
  if (isAlone) return [{ kind: "postgres-goes-back", atMs, ms }];
  return [{ kind: "both-go-back", atMs, ms, redisLaterMs: random.pick([0, random.between(0, ms), null]) }];
};

export const calmPlan: Plan = { acts: [], outages: [], badContentEvery: 0 };

/** The mark of a topic that is parked is what a Redis that goes back has lost, and whoever owns the shard next does not know of it. */
const createLostMark = (acts: readonly Act[], random: Random, hosts: number): Act[] => {
  const back = acts.find((act) => act.kind === "go-back");
  if (back?.kind !== "go-back" || !random.chance(0.5)) return [];
  const atMs = back.atMs + random.below(50);
  const backAtMs = back.atMs + back.ms;
  const topic = random.pick(["orders", "audits"] as const);
  const why = random.pick(["missing", "moved", "forbidden"] as const);
  const relays = Array.from({ length: hosts - 2 }, (_, relay): Act => {
    return { kind: "kill", atMs: Math.max(0, backAtMs - random.below(200)), host: 2 + relay };
  });
  return [{ kind: "topic-stands", atMs, ms: backAtMs - atMs + random.below(300), topic, why }, ...relays];
};

/** Draws what will happen to `hosts` machines until the world heals. Each act is missing from most plans. */
export const createPlan = (random: Random, hosts: number, healAtMs: number): Plan => {
  const acts: Act[] = [];
  const atMs = () => random.below(healAtMs);
  for (let host = 0; host < hosts; host++) {
    if (random.chance(0.3)) acts.push({ kind: "kill", atMs: atMs(), host });
    if (random.chance(0.1)) acts.push({ kind: "terminate", atMs: atMs(), host });
    if (random.chance(0.25)) acts.push({ kind: "freeze", atMs: atMs(), host, ms: random.between(200, 3_000) });
  }
  if (random.chance(0.1)) acts.push({ kind: "empty-streams", atMs: atMs(), clockBehindMs: random.pick([0, 0, 2_000]) });
  for (let entries = random.chance(0.3) ? 2 : 0; entries > 0; entries--)
    acts.push({ kind: "damage-entry", atMs: atMs(), part: random.pick(["chunk", "metadata"]) });
  if (random.chance(0.1)) acts.push({ kind: "wrong-types", atMs: atMs(), by: random.pick(["stream", "outbox"]) });
  if (random.chance(0.25))
    acts.push({ kind: "topic-fault", atMs: atMs(), ms: random.between(100, 1_500), fault: random.pick(topicFaults) });
  for (let inserts = random.chance(0.4) ? random.between(1, 6) : 0; inserts > 0; inserts--)
    acts.push({
      kind: "application-insert",
      atMs: atMs(),
      ms: random.pick([0, 100, 1_500]),
      commits: random.chance(0.8),
    });
  const badContentEvery = random.chance(0.3) ? random.pick([4, 10]) : 0;
  if (badContentEvery > 0 && random.chance(0.5)) {
    acts.push({ kind: "replay", atMs: atMs() }, { kind: "replay", atMs: healAtMs });
    if (random.chance(0.5)) acts.push({ kind: "accept-poison", atMs: atMs() });
  }
  const outages = createOutages(random, healAtMs);
  if (random.chance(0.35))
    acts.push({ kind: "topic-fault", atMs: atMs(), ms: random.between(100, 1_500), fault: "refusing" });
  if (random.chance(0.15)) {
    const fromMs = atMs();
    const ms = random.between(100, healAtMs - fromMs + 100);
    acts.push({ kind: "weak-redis", atMs: fromMs, ms });
    if (random.chance(0.5)) acts.push({ kind: "empty-streams", atMs: fromMs + ms, clockBehindMs: 0 });
  }
  if (random.chance(0.15))
    acts.push({
      kind: "stranger",
      atMs: atMs(),
      ms: random.between(200, 2_000),
      edge: random.below(2),
      whose: random.pick(["empty", "other"]),
    });
  for (let times = random.chance(0.35) ? random.between(1, 2) : 0; times > 0; times--)
    acts.push({
      kind: "topic-stands",
      atMs: atMs(),
      ms: random.between(500, 5_000),
      topic: random.pick(["orders", "orders", "audits"]),
      why: random.pick(["missing", "moved", "forbidden"]),
    });
  if (random.chance(0.12)) {
    const fromMs = atMs();
    acts.push({ kind: "go-back", atMs: fromMs, ms: random.between(50, Math.max(60, healAtMs - fromMs)) });
  }
  // Where Redis loses something at another time, nobody can say of an event which of the two has lost it.
  if (!acts.some(({ kind }) => redisLoses(kind))) acts.push(...createLossOfPostgres(random, healAtMs));
  acts.push(...createLostMark(acts, random, hosts));
  return { acts, outages, badContentEvery };
};
