import type { Committer } from "@spillway/edge/commit/committer.ts";
import type { Clock } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { createMemoryWorld, type MemoryWorld } from "@spillway/memory";
import { bootEdge, bootRelay, createSettings, type RunningRelay, type Settings } from "./apps.ts";
import type { Backends } from "./backends.ts";
import { createBroker } from "./broker.ts";
import type { Bug } from "./bug.ts";
import { createCaller } from "./call.ts";
import { createEdgePorts } from "./edge-ports.ts";
import { RECORD_BYTES_MAX, topics } from "./events.ts";
import { createFates, createWeather, type Fates, type Weather } from "./fate.ts";
import { createHistory, type History } from "./history.ts";
import { createHost, type Host } from "./host.ts";
import { createLedgerCopies, type LedgerCopies } from "./ledger-copies.ts";
import { calmPlan, createPlan, type Plan } from "./nemesis.ts";
import { createProcess, type Process, START_MS } from "./process.ts";
import type { Random } from "./random.ts";
import { createRelayPorts } from "./relay-ports.ts";
import type { Timeline } from "./timeline.ts";
import type { Trace } from "./trace.ts";
import { createWatch } from "./watch.ts";

/** Everything of one seed. */
export type Scene = {
  readonly random: Random;
  readonly timeline: Timeline;
  readonly trace: Trace;
  readonly history: History;
  readonly memory: MemoryWorld;
  readonly broker: ReturnType<typeof createBroker>;
  readonly copies: LedgerCopies;
  readonly servers: Servers;
  readonly backends: Backends;
  readonly settings: Settings;
  readonly weather: Weather;
  readonly plan: Plan;
  readonly edges: readonly Host<Committer>[];
  readonly relays: readonly Host<RunningRelay>[];
  readonly violate: (violation: string) => void;
};

const RELAYS = 2;
const DAY_MS = 86_400_000;

type Ground = Pick<Scene, "random" | "timeline" | "trace" | "violate"> & { readonly bug: Bug };

/** Commits are slow at times, so that a lower id of the outbox appears after a higher one; not once all is well. */
const createCommitMs = (random: Random, timeline: Timeline, weather: Weather) => {
  const stormyMsMax = random.pick([0, 5, 300]);
  return () => random.between(0, timeline.nowMs() < weather.healAtMs ? stormyMsMax : 2);
};

/** The clock of the servers behind the ports; another server's may be behind. */
const createServers = (timeline: Timeline) => {
  const { sleep } = createProcess("servers", timeline, { skewMs: 0, monotonicFromMs: 0 }).clock;
  let behindMs = 0;
  const clock: Clock = { monotonicMs: timeline.nowMs, wallMs: () => START_MS + timeline.nowMs() - behindMs, sleep };
  return {
    clock,
    setBack: (ms: number): void => {
      behindMs += ms;
    },
  };
};

type Servers = ReturnType<typeof createServers>;

const createBackends = ({ random, timeline, bug }: Ground, settings: Settings, weather: Weather) => {
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
  for (const [topic, partitions] of Object.entries(topics))
    memory.topics.create(topic, { partitions, recordBytesMax: RECORD_BYTES_MAX });
  // The streams are a day old: whoever replaces them has its clock less behind than that, and greater tokens.
  servers.setBack(DAY_MS);
  for (let shard = 0; shard < settings.shards; shard++) memory.streams.take(shard, "yesterday", 1);
  servers.setBack(-DAY_MS);
  const broker = createBroker(memory.sink);
  const backends: Backends = { ...memory, sink: broker.sink };
  return { memory, servers, broker, backends: { ...backends, ...bug.backends?.(memory, backends, random.fork()) } };
};

const createProcesses = ({ random, timeline }: Ground) => {
  const skewed = random.chance(0.3);
  return (name: string): Process =>
    createProcess(name, timeline, {
      skewMs: skewed ? random.between(-7_200_000, 7_200_000) : 0,
      monotonicFromMs: random.between(0, 1_000_000),
    });
};

const createHosts = (
  ground: Ground,
  parts: Pick<Scene, "history" | "memory" | "copies" | "backends" | "settings"> & { fates: Fates },
) => {
  const { random, timeline, trace, violate, bug } = ground;
  const { history, copies, backends, settings, fates } = parts;
  const { streams } = parts.memory;
  const fail = (error: unknown) => violate(`a process fell: ${error instanceof Error ? error.stack : String(error)}`);
  const common = { timeline, createProcess: createProcesses(ground), restartMs: () => random.between(20, 800), fail };
  const callOf = (process: Process) => createCaller(process, timeline, fates, trace);

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
        const ports = createEdgePorts(backends, callOf(process), history, oversleptMs);
        return bootEdge(process, bug.edge?.(ports, process) ?? ports, settings, random);
      },
    });
  const relay = (n: number) =>
    createHost<RunningRelay>({
      ...common,
      name: `relay-${n}`,
      boot: async (process) => {
        const watch = createWatch(timeline.nowMs, (text) => violate(`${process.name}: ${text}`));
        const network = { process, timeline, random, call: callOf(process), history, watch, streams, copies, hintRate };
        const ports = createRelayPorts(backends, network);
        const running = bootRelay(process, bug.relay?.(ports, process) ?? ports, owner(process), settings, random);
        running.ended.then(() => process.kill(), fail);
        return running;
      },
    });
  const count = (n: number) => Array.from({ length: n }, (_, i) => i);
  return { edges: count(random.between(1, 2)).map(edge), relays: count(RELAYS).map(relay) };
};

/** Sets the stage for one seed: backends, weather, machines and their first processes. */
export const createScene = (ground: Ground): Scene => {
  const { random, timeline } = ground;
  const settings = createSettings(random.fork());
  const weather = createWeather(random.fork());
  const history = createHistory(settings.shards);
  const { memory, servers, broker, backends } = createBackends(ground, settings, weather);
  const plan = weather.isCalm ? calmPlan : createPlan(random.fork(), 2 + RELAYS, weather.healAtMs);
  const fates = createFates(random.fork(), weather, plan.outages, timeline.nowMs);
  const copies = createLedgerCopies(memory.streams);
  const { edges, relays } = createHosts(ground, { history, memory, copies, backends, settings, fates });
  return { ...ground, history, memory, broker, copies, servers, backends, settings, weather, plan, edges, relays };
};
