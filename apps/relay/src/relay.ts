import { createWriters, relayWriterId, type Writers } from "@spillway/event";
import type { Log } from "@spillway/telemetry";
import { createActivity } from "./activity.ts";
import { createCheckpoints } from "./checkpoint.ts";
import { createCopyRemoval } from "./copy-removal.ts";
import {
  createDependencies,
  type Dependencies,
  type DependencyName,
  type DependencyState,
  notedPorts,
} from "./dependencies.ts";
import { createMembership } from "./lease/membership.ts";
import type { MembershipModeName } from "./lease/membership-mode.ts";
import { createTokens } from "./lease/tokens.ts";
import { createMeasures } from "./measures.ts";
import { createOutboxWatch } from "./outbox-watch.ts";
import type { LotModeName } from "./parking/lot-mode.ts";
import { createParkers } from "./parking/parkers.ts";
import { createSurvey, type Survey } from "./parking/survey.ts";
import { createLinger } from "./partition/linger.ts";
import { createTopics } from "./partition/topics.ts";
import { tracedSink } from "./partition/traced-sink.ts";
import type { RelayOptions, RelayParts } from "./parts.ts";
import type { RelayPorts, RelaySurroundings } from "./ports.ts";
import { isAtWork, watchBirths } from "./shard/births.ts";
import type { Diversion } from "./shard/drain-mode.ts";
import { createMoments } from "./shard/moments.ts";
import { createOpenShards, type OpenShard } from "./shard/open-shards.ts";
import type { PumpModeName } from "./shard/pump-mode.ts";
import { createTroubles, type Trouble } from "./troubles.ts";

export type RelayState = {
  readonly owner: string;
  /** What it does as one of several. */
  readonly membership: MembershipModeName;
  readonly shards: readonly {
    readonly shard: number;
    readonly token: number;
    /** What its pump does, or waits for. */
    readonly pump: PumpModeName;
    readonly entries: number;
    /** Age of the oldest event that the stream holds, as far as it was read; null: it holds none. */
    readonly oldestAgeMs: number | null;
    /** For how long it has held events of which none left it. */
    readonly stillMs: number;
    readonly diversion: Diversion;
  }[];
  /** Topics whose events wait outside of their shard's stream. What is not known of them, as long as Postgres is away, is null. */
  readonly parked: readonly {
    readonly shard: number;
    readonly topic: string;
    readonly mode: LotModeName;
    /** Ms since 1970. */
    readonly sinceMs: number | null;
    readonly code: string | null;
    readonly events: number | null;
    readonly bytes: number | null;
  }[];
  readonly dependencies: Readonly<Record<DependencyName, DependencyState>>;
  /** What stands still, the longest first. */
  readonly troubles: readonly Trouble[];
};

export type Relay = {
  /**
   * Relays until the signal aborts, then finishes what is in hand, releases the leases and resolves. Rejects only for a
   * programmer's error; the process should end then, and its leases run out.
   */
  run(signal: AbortSignal): Promise<void>;
  state(): RelayState;
};

const CHECKPOINT_MS = 1_000;

/** `onRedis`: it is gone, or there again. A shard that has no room reads nothing, and would not see it. */
const listenTo = (log: Log, ended: AbortSignal, onRedis: () => void): Dependencies =>
  createDependencies((dependency, { status, code }) => {
    // A read that nobody waits for any more fails when the connection is closed behind us.
    if (ended.aborted) return;
    log(status === "up" ? "info" : "warn", `dependency.${status}`, { dependency, code: code ?? null });
    if (dependency === "redis") onRedis();
  });

const shardStateOf = (
  { term, pump, drain }: OpenShard,
  wallMs: number,
  stillMs: number,
): RelayState["shards"][number] => ({
  shard: term.lease.shard,
  token: term.lease.token,
  pump: pump.mode.now,
  entries: pump.entries,
  oldestAgeMs: pump.oldestAtMs === null ? null : Math.max(0, wallMs - pump.oldestAtMs),
  stillMs,
  diversion: drain.diversion,
});

const parkedStatesOf = ({ term, pump }: OpenShard, survey: Survey): RelayState["parked"] => {
  const { shard } = term.lease;
  return pump.lots.all().map(({ name, mode }) => {
    const known = survey.of(shard)?.find(({ topic }) => topic === name);
    const { sinceMs = null, code = null, events = null, bytes = null } = known ?? {};
    return { shard, topic: name, mode: mode.now, sinceMs, code, events, bytes };
  });
};

/** `failed` rejects with the first error that a loop in the background ends with. */
const createFailure = () => {
  let fail: (cause: unknown) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  return { failed, fail };
};

/** Who brings what stands elsewhere. */
const createMover = (): Writers => createWriters({ newId: relayWriterId, isAnsweredFor: false });

const portsOf = (given: RelayPorts & RelaySurroundings, dependencies: Dependencies) => {
  const noted = notedPorts(given, dependencies);
  return given.traces ? { ...noted, sink: tracedSink(noted.sink, given.traces) } : noted;
};

export const createRelay = (given: RelayPorts & RelaySurroundings, options: RelayOptions): Relay => {
  const { clock, log } = given;
  const ended = new AbortController();
  const { failed, fail } = createFailure();
  const measures = createMeasures(given.metrics);
  const dependencies = listenTo(log, ended.signal, () => shards.doubt());
  const ports = portsOf(given, dependencies);
  const signal = ended.signal;
  const copyRemoval = createCopyRemoval({ ...given, ...ports, signal });
  const parts: RelayParts = {
    ...options,
    ...given,
    ...ports,
    copyRemoval,
    measures,
    troubles: createTroubles(clock, log, measures),
    tokens: createTokens(),
    writers: { copies: createMover(), rows: createMover(), parked: createParkers() },
    linger: createLinger(clock),
    moments: createMoments(clock),
    activity: createActivity(clock, () => isAtWork(shards.all(), parts.troubles.list)),
    start: (loop) => void loop.catch(fail),
    signal,
  };

  const shards = createOpenShards(parts, () => watch.look());
  const topics = createTopics({ ...parts, onReshape: () => shards.endAll("reshaped") });
  const survey = createSurvey(parts, shards.all);
  const checkpoints = createCheckpoints(parts, survey);
  const watch = createOutboxWatch(parts, shards.all);
  const membership = createMembership({
    ...parts,
    open: (term) => {
      shards.open(term, topics);
      term.onEnd(() => {
        survey.clear(term.lease.shard);
        checkpoints.clear(term.lease.shard);
      });
      watch.look();
    },
    finish: shards.finish,
  });

  const checkpoint = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await parts.activity.sleep(CHECKPOINT_MS, signal);
      await checkpoints.record(shards.throughs);
      await Promise.all(shards.all().map((shard) => Promise.all([checkpoints.write(shard), shard.sweep.look()])));
      for (const { topic, partition, records } of topics.lanes())
        measures.laneRecords.set(records, { topic, partition: String(partition) });
      parts.troubles.tell();
    }
  };

  return {
    run: async (signal) => {
      parts.start(copyRemoval.run());
      const loops = [
        membership.run(signal),
        watch.run(signal),
        checkpoint(signal),
        watchBirths(parts, shards.all, signal),
        topics.watch(signal),
        survey.run(signal),
      ];
      await Promise.race([Promise.all(loops), failed]);
      await Promise.race([membership.leave(), failed]);
      await copyRemoval.flush();
      await checkpoints.record(shards.throughs);
      ended.abort();
    },
    state: () => ({
      owner: options.owner,
      membership: membership.mode.now,
      shards: shards.all().map((one) => shardStateOf(one, clock.wallMs(), checkpoints.stillMs(one.term.lease.shard))),
      parked: shards.all().flatMap((one) => parkedStatesOf(one, survey)),
      dependencies: dependencies.states(),
      troubles: parts.troubles.list(),
    }),
  };
};
