import type { Durability } from "@spillway/event";
import { perform } from "./acts.ts";
import { type Bug, noBug } from "./bug.ts";
import { createPost, type Post, runClient } from "./client.ts";
import { type Content, createEventSource, type EventSource, topicOf, topics } from "./events.ts";
import { watchLookups } from "./lookups.ts";
import { createRandom, type Random } from "./random.ts";
import { createScene, type Scene } from "./scene.ts";
import { createTimeline } from "./timeline.ts";
import { createTrace } from "./trace.ts";
import { judge, type Outcomes } from "./verdict.ts";

export type SimulationOptions = {
  /** Keep the trace's lines and not only its hash. */
  readonly keepTrace?: boolean;
  readonly bug?: Bug;
};

export type SimulationResult = Outcomes & {
  readonly seed: number;
  readonly violations: readonly string[];
  /** The same for every run of the same seed with the same code. */
  readonly hash: string;
  readonly trace: readonly string[];
  readonly simulatedMs: number;
};

/** After the last fault the backlog must be gone within this; the relay's longest pause is half of it. */
const HEALED_MS_MAX = 60_000;
/** Between two rounds of good events while something waits; longer than they need themselves. */
const GOOD_EVERY_MS = 10_000;
/** After that an event posted to any edge must go to the stream within this. */
const BACK_MS_MAX = 30_000;
/**
 * A sweep is two looks, 10 s apart, at what is 10 s old. An edge's insert that nobody waits for any more may bring a copy 7 s late, which the
 * first sweep finds missing, and the next one left over: 61 s in a world of 700,000.
 */
const SWEPT_MS_MAX = 90_000;
/** How often all is seen to be quiet, and what is told compared, before events came once more. */
const ROUNDS_MAX = 3;
/** Twice what records are apart. */
const LEDGER_MS = 2_500;

const clientsOf = (scene: Scene, post: Post, source: EventSource): Promise<unknown> => {
  const { random, plan, timeline, edges } = scene;
  const bad: readonly Content[] = ["poison", "poison", "oversize"];
  const content = (): Content =>
    plan.badContentEvery > 0 && random.below(plan.badContentEvery) === 0 ? random.pick(bad) : "healthy";
  const keys = random.pick<readonly (string | null)[]>([["k1"], ["k1", "k2"], ["k1", "k2", "k3", null]]);
  const pauseMsMax = random.pick([20, 100, 300, 600]);
  const run = () =>
    runClient({ post, edges, source, random: random.fork(), timeline, requests: 6, keys, content, pauseMsMax });
  return Promise.all(Array.from({ length: random.between(1, 3) }, run));
};

/** What events have to be in; in half of the worlds none must be anywhere. Its chance is its own, and shifts nothing else. */
const createDurabilities = (random: Random) => {
  const rate = random.pick([0, 0, 0.3, 1]);
  return (): Durability | undefined => (random.chance(rate) ? random.pick(["both", "both", "required"]) : undefined);
};

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

const isIdle = ({ memory, settings }: Scene): boolean => {
  for (let shard = 0; shard < settings.shards; shard++)
    if (memory.streams.entriesAfter(shard, "0", 1).length > 0) return false;
  if (memory.parked.all().some(({ events }) => events > 0)) return false;
  return memory.outbox.size().events === 0;
};

const copiesIn = ({ memory, settings }: Scene): number =>
  upTo(settings.shards).reduce((sum, shard) => sum + memory.outbox.copies(shard).length, 0);

/** A copy may come when all that was known had left, and bring back what its stream had lost: until then that is told as lost. */
const isQuiet = (scene: Scene): boolean => isIdle(scene) && copiesIn(scene) === 0;

/** Of what was settled nothing may be kept for ever. */
const checkCopies = async (scene: Scene): Promise<void> => {
  const { timeline, violate } = scene;
  if (!(await timeline.run(() => isQuiet(scene), timeline.nowMs() + SWEPT_MS_MAX)))
    violate(`${copiesIn(scene)} copies are left over`);
};

const whatWaits = ({ memory, settings }: Scene): string => {
  const shards = Array.from(
    { length: settings.shards },
    (_, shard) => memory.streams.entriesAfter(shard, "0", 99).length,
  );
  return `${shards} entries in the streams, ${memory.outbox.size().events} events in the outbox, ${memory.parked.all().reduce((sum, { events }) => sum + events, 0)} parked`;
};

/** Every edge must be back to writing to the stream for every shard. */
const postUntilStream = async (scene: Scene, post: Post, source: EventSource): Promise<void> => {
  const { edges, settings, timeline } = scene;
  for (const edge of edges)
    for (let shard = 0; shard < settings.shards; shard++) {
      for (let isBack = false; !isBack; ) {
        await new Promise<void>((resolve) => timeline.after(100, resolve));
        let event = source.next(null);
        while (event.shard !== shard) event = source.next(null);
        const [result] = (await post(edge, [event])) ?? [];
        isBack = result !== undefined && result.kind !== "refused" && result.tier !== "outbox";
      }
    }
};

/** What a topic refused in a row waits until it takes anything, of the same relay: good events for each topic and shard. */
const postGood = async (scene: Scene, post: Post, source: EventSource): Promise<void> => {
  const { edges, timeline, settings } = scene;
  const places = Object.keys(topics).flatMap((topic) => upTo(settings.shards).map((shard) => ({ topic, shard })));
  const pass = (ms: number) => new Promise<void>((resolve) => timeline.after(ms, resolve));
  for (; !isIdle(scene); await pass(GOOD_EVERY_MS))
    for (const place of places) {
      let event = source.next(null);
      while (topicOf(event.type) !== place.topic || event.shard !== place.shard) event = source.next(null);
      await pass(100);
      await post(edges[0] as Scene["edges"][number], [event]);
    }
};

const storm = async (scene: Scene, post: Post, source: EventSource): Promise<boolean> => {
  const { timeline, plan, weather, violate } = scene;
  for (const act of plan.acts) timeline.after(act.atMs, () => perform(scene, act, source));
  let isSent = false;
  clientsOf(scene, post, source).then(() => {
    isSent = true;
  }, violate);
  const endMs = () => timeline.nowMs() >= weather.healAtMs;
  if (!(await timeline.run(() => isSent && endMs(), weather.healAtMs + HEALED_MS_MAX)))
    violate("the clients never ended");
  if (!weather.isCalm) postGood(scene, post, source).catch(violate);
  const calm = await timeline.run(() => isIdle(scene), timeline.nowMs() + HEALED_MS_MAX);
  if (!calm) violate(`not relayed after ${HEALED_MS_MAX} ms: ${whatWaits(scene)}`);
  return calm;
};

/** A replay that was under way while all was idle may bring what its topic refuses. */
const refusedAgain = async (scene: Scene, post: Post, source: EventSource): Promise<void> => {
  const { timeline, violate } = scene;
  let isOver = false;
  postGood(scene, post, source).then(() => {
    isOver = true;
  }, violate);
  if (!(await timeline.run(() => isOver && isIdle(scene), timeline.nowMs() + HEALED_MS_MAX)))
    violate("the last events are stuck");
};

const recovery = async (scene: Scene, post: Post, source: EventSource): Promise<void> => {
  const { timeline, violate } = scene;
  let isBack = false;
  postUntilStream(scene, post, source).then(() => {
    isBack = true;
  }, violate);
  if (!(await timeline.run(() => isBack, timeline.nowMs() + BACK_MS_MAX)))
    violate("an edge never opened its shards again");
  if (!(await timeline.run(() => isIdle(scene), timeline.nowMs() + 2 * GOOD_EVERY_MS)))
    await refusedAgain(scene, post, source);
};

/**
 * What got through and what was acknowledged is recorded once a second; the copy after that is compared with it. From the beginning
 * when something comes in between: a late copy did, was restored and gone, and one copy of the counters was all since then (895697).
 */
const compared = async (scene: Scene): Promise<void> => {
  const { timeline, settings, books, violate } = scene;
  const copies = () => upTo(settings.shards).map(books.copiesOf);
  let quietAtMs = timeline.nowMs();
  let before: readonly number[] | null = null;
  const isCompared = (): boolean => {
    if (!isQuiet(scene)) [quietAtMs, before] = [timeline.nowMs(), null];
    if (timeline.nowMs() < quietAtMs + LEDGER_MS) return false;
    const now = copies();
    before ??= now;
    return before.every((count, shard) => (now[shard] ?? 0) >= count + 2);
  };
  const isOver = await timeline.run(isCompared, timeline.nowMs() + LEDGER_MS + HEALED_MS_MAX);
  if (!isOver && before !== null) violate("the counters of a shard are copied no more");
};

/** Apart from what else a seed draws. */
const LOOKUPS = 0x5eed;

/** Runs one seed from the first process to the verdict. */
export const simulate = async (seed: number, options: SimulationOptions = {}): Promise<SimulationResult> => {
  const random = createRandom(seed);
  const timeline = createTimeline(random.fork());
  const trace = createTrace(timeline.nowMs, options.keepTrace ?? false);
  const violations: string[] = [];
  const violate = (violation: unknown): void => {
    const text = violation instanceof Error ? (violation.stack ?? violation.message) : String(violation);
    trace.note(`VIOLATION ${text}`);
    violations.push(text);
  };
  const brokerRandom = createRandom(seed).fork();
  const bug = options.bug ?? noBug;
  const scene = createScene({ random: random.fork(), timeline, trace, violate, bug, brokerRandom });
  const post = createPost(scene);
  const source = createEventSource(random.fork(), scene.settings.shards, createDurabilities(createRandom(~seed)));
  watchLookups(scene, createRandom(seed ^ LOOKUPS), (sights) => bug.sights?.(sights, scene.settings.shards) ?? sights);
  const isCalm = await storm(scene, post, source);
  if (isCalm) await recovery(scene, post, source);
  // A round of good events may still be on its way, and its topic stand still (670332 where Redis goes back).
  for (let times = 0; times === 0 || (times < ROUNDS_MAX && !isQuiet(scene)); times++) {
    await checkCopies(scene);
    if (isCalm) await compared(scene);
  }
  const outcomes = judge(scene);
  for (const host of [...scene.edges, ...scene.relays]) host.process()?.kill();
  return { ...outcomes, seed, violations, hash: trace.hash(), trace: trace.lines(), simulatedMs: timeline.nowMs() };
};
