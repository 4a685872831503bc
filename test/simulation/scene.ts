import type { Committer } from "@spillway/edge/commit/committer.ts";
import { type Clock, createBelonging } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { createMemoryWorld, type MemoryWorld } from "@spillway/memory";
import { bootEdge, bootRelay, createSettings, NAMESPACE, type RunningRelay, type Settings } from "./apps.ts";
import type { Backends } from "./backends.ts";
import { type Books, createBooks } from "./books.ts";
import { createBroker } from "./broker.ts";
import type { Bug } from "./bug.ts";
import { createCaller } from "./call.ts";
import { createEdgePorts, type MemoryRedis } from "./edge-ports.ts";
import { RECORD_BYTES_MAX, topics } from "./events.ts";
import { createFates, createWeather, type Fates, type Weather } from "./fate.ts";
import { createHistory, type History } from "./history.ts";
import { createHost, type Host } from "./host.ts";
import { calmPlan, createPlan, type Plan } from "./nemesis.ts";
import { createProcess, type Process, START_MS } from "./process.ts";
import { createRaiseWatch } from "./raise-watch.ts";
import type { Random } from "./random.ts";
import { createRelayPorts } from "./relay-ports.ts";
import { createStrangers, type Strangers } from "./strangers.ts";
import type { Timeline } from "./timeline.ts";
import type { Trace } from "./trace.ts";
import { createWatch } from "./watch.ts";
import { createWeakWatch } from "./weak-watch.ts";

/** Everything of one seed. */
export type Scene = {
  readonly random: Random;
  readonly timeline: Timeline;
  readonly trace: Trace;
  readonly history: History;
  readonly memory: MemoryWorld;
  readonly broker: ReturnType<typeof createBroker>;
  readonly books: Books;
  readonly servers: Servers;
  readonly backends: Backends;
  readonly settings: Settings;
  readonly weather: Weather;
  readonly strangers: Strangers;
  readonly plan: Plan;
  readonly edges: readonly Host<Committer>[];
  readonly relays: readonly Host<RunningRelay>[];
  readonly violate: (violation: string) => void;
};

const RELAYS = 2;
const DAY_MS = 86_400_000;

type Ground = Pick<Scene, "random" | "timeline" | "trace" | "violate"> & {
  readonly bug: Bug;
  /** For what the broker is like; apart, so that it shifts nothing else. */
  readonly brokerRandom: Random;
};

/** Commits are slow at times, so that a lower id of the outbox appears after a higher one; not once all is well. */
const createCommitMs = (random: Random, timeline: Timeline, weather: Weather) => {
  const stormyMsMax = random.pick([0, 5, 300]);
  return () => random.between(0, timeline.nowMs() < weather.healAtMs ? stormyMsMax : 2);
};

/** The clock of the servers behind the ports; another server's may be behind. */
const createServers = (timeline: Timeline) => {
  const { sleep } = createProcess("servers", timeline, { skewMs: 0, monotonicFromMs: 0 }).clock;
  let behindMs = 0;
  const clock: Clock = {
    monotonicMs: timeline.nowMs,
    wallMs: () => START_MS + Math.floor(timeline.nowMs()) - behindMs,
    sleep,
  };
  return {
    clock,
    setBack: (ms: number): void => {
      behindMs += ms;
    },
  };
};

type Servers = ReturnType<typeof createServers>;

/** What topics take and tell of the times of records; told or not, since a client may be forbidden to ask. */
const createTopics = ({ topics: made }: MemoryWorld, random: Random, isSkewed: boolean): void => {
  // The present time of a relay whose clock is hours off is as wrong as the ingest's: such a topic stands still.
  const beforeMsMax = isSkewed ? Number.POSITIVE_INFINITY : random.pick([Number.POSITIVE_INFINITY, 1_000]);
  const recordAgeMsMax = random.pick([beforeMsMax / 2, 60_000]);
  for (const [topic, partitions] of Object.entries(topics))
    made.create(topic, { partitions, recordBytesMax: RECORD_BYTES_MAX, beforeMsMax, recordAgeMsMax });
};

const createBackends = (
  { random, timeline, bug, brokerRandom }: Ground,
  settings: Settings,
  weather: Weather,
  history: History,
) => {
  const servers = createServers(timeline);
  const backlogEventsMax = weather.isCalm ? 1_000 : random.pick([6, 1_000, 1_000]);
  const commitMs = createCommitMs(random, timeline, weather);
  const memory = createMemoryWorld({
    clock: servers.clock,
    platform,
    shards: settings.shards,
    backlogEventsMax,
    commitMs,
  });
  // The streams are a day old: whoever replaces them has its clock less behind than that, and greater tokens.
  servers.setBack(DAY_MS);
  for (let shard = 0; shard < settings.shards; shard++) memory.streams.take(shard, "yesterday", 1);
  servers.setBack(-DAY_MS);
  const founded = { id: "yesterday", namespace: NAMESPACE, shards: settings.shards };
  for (const { record } of [memory.installation, memory.streams.installation]) record(founded);
  const broker = createBroker(memory.sink, brokerRandom.chance(0.5), history.refused);
  const backends: Backends = { ...memory, sink: broker.sink };
  return {
    memory,
    servers,
    broker,
    backlogEventsMax,
    backends: { ...backends, ...bug.backends?.(memory, backends, random.fork()) },
  };
};

const createProcesses = ({ random, timeline }: Ground, isSkewed: boolean) => {
  return (name: string): Process =>
    createProcess(name, timeline, {
      skewMs: isSkewed ? random.between(-7_200_000, 7_200_000) : 0,
      monotonicFromMs: random.between(0, 1_000_000),
    });
};

const createHosts = (
  ground: Ground,
  parts: Pick<Scene, "history" | "memory" | "books" | "backends" | "settings" | "strangers" | "weather"> & {
    fates: Fates;
  },
) => {
  const { random, timeline, trace, violate, bug, brokerRandom } = ground;
  const { history, books, backends, settings, fates, strangers } = parts;
  const { streams } = parts.memory;
  const own: MemoryRedis = {
    tier: backends.tier,
    installation: streams.installation,
    keeper: backends.redisInstallation,
  };
  const fail = (error: unknown) => violate(`a process fell: ${error instanceof Error ? error.stack : String(error)}`);
  const isSkewed = random.chance(0.3);
  createTopics(parts.memory, brokerRandom, isSkewed);
  const make = createProcesses(ground, isSkewed);
  const common = {
    timeline,
    createProcess: (name: string): Process => {
      const process = make(name);
      process.onKill(() => books.died(name));
      return process;
    },
    restartMs: () => random.between(20, 800),
    fail,
  };
  const callOf = (process: Process) => createCaller(process, timeline, fates, trace);

  const weakWatchOf = (process: Process) =>
    createWeakWatch(timeline.nowMs, process, (text) => violate(`${process.name} ${text}`));

  // An adapter may have a bug, and answer only when nobody waits any more.
  const oversleptMs = random.pick([0, 0, 0, 5_000]);
  // An orchestrator may give a restarted process its predecessor's name.
  const isNameKept = random.chance(0.3);
  const owner = ({ name }: Process) => (isNameKept ? name.replace(/\.\d+$/, "") : name);
  // Hints may never come: LISTEN does not work through every connection pooler.
  const hintRate = random.pick([1, 0.8, 0]);

  const edge = (n: number) =>
    createHost<Committer>({
      ...common,
      name: `edge-${n}`,
      boot: (process) => {
        const belonging = createBelonging({ namespace: NAMESPACE, shards: settings.shards });
        const redis = () => strangers.at(n) ?? own;
        const raises = createRaiseWatch(timeline.nowMs, process, history, belonging, (text) =>
          violate(`${process.name} ${text}`),
        );
        const weak = weakWatchOf(process);
        const call = callOf(process);
        const watched = { history, weak, raises, books, violate };
        const network = { ...watched, process, timeline, call, oversleptMs, belonging, redis };
        const seen = createEdgePorts(backends, network);
        const ports = { ...seen, ...bug.edge?.(seen, process), metrics: raises.metrics };
        return bootEdge(process, ports, belonging, { ...settings.edge, ...bug.edgeSettings }, random);
      },
    });
  const relay = (n: number) =>
    createHost<RunningRelay>({
      ...common,
      name: `relay-${n}`,
      boot: async (process) => {
        const watch = createWatch(timeline.nowMs, (text) => violate(`${process.name}: ${text}`));
        const weak = weakWatchOf(process);
        const network = {
          process,
          timeline,
          random,
          call: callOf(process),
          history,
          watch,
          weak,
          streams,
          books,
          hintRate,
          busyRate: parts.weather.isCalm ? 0 : 0.02,
        };
        const ports = createRelayPorts(backends, network);
        const running = bootRelay(
          process,
          bug.relay?.(ports, process) ?? ports,
          owner(process),
          settings.relay,
          random,
        );
        history.relayStarted();
        running.ended.then(() => process.kill(), fail);
        return running;
      },
    });
  const count = (n: number) => Array.from({ length: n }, (_, i) => i);
  return { edges: count(random.between(1, 2)).map(edge), relays: count(RELAYS).map(relay) };
};

/** What is held takes room: where that is for a few events, nothing behind them would come in to judge them by. */
const withRoomForRefused = (settings: Settings, backlogEventsMax: number): Settings => {
  const isNarrow = Math.min(backlogEventsMax, settings.relay.inFlightEventsMax) < 1_000;
  return isNarrow ? { ...settings, relay: { ...settings.relay, refusedInARowMax: 1_000 } } : settings;
};

/** Sets the stage for one seed: backends, weather, machines and their first processes. */
export const createScene = (ground: Ground): Scene => {
  const { random, timeline } = ground;
  const drawn = createSettings(random.fork());
  const weather = createWeather(random.fork());
  const history = createHistory(drawn.shards);
  const { memory, servers, broker, backends, backlogEventsMax } = createBackends(ground, drawn, weather, history);
  const settings = withRoomForRefused(drawn, backlogEventsMax);
  const plan = weather.isCalm ? calmPlan : createPlan(random.fork(), 2 + RELAYS, weather.healAtMs);
  const fates = createFates(random.fork(), weather, plan.outages, timeline.nowMs);
  const books = createBooks(timeline.nowMs);
  const strangers = createStrangers(timeline, settings.shards);
  const { edges, relays } = createHosts(ground, {
    history,
    memory,
    books,
    backends,
    settings,
    fates,
    strangers,
    weather,
  });
  const state = { history, memory, broker, books, servers, backends, strangers };
  return { ...ground, ...state, settings, weather, plan, edges, relays };
};
