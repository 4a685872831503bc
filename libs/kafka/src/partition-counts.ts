import type { Clock, Outcome, Sink, TopicTraits } from "@spillway/event";
import type { Log } from "@spillway/telemetry";
import { clientTable, UNKNOWN_TOPIC, type Verdict } from "./outcome-table.ts";

const REFRESH_MS = 60_000;
/** Between two questions for a count that is known but old, while no broker answers. */
const ASK_AGAIN_MS = 1_000;
/** How long a topic may be unknown before that stops being a new topic on its way and becomes a fault to report. */
const MISSING_MS = 60_000;

type Known = TopicTraits & {
  /** On the monotonic clock; a count older than `REFRESH_MS` is asked for again behind the caller's back. */
  askedAtMs: number;
  /** The topic was unknown meanwhile, so that it may have been made anew with fewer partitions. */
  mayShrink: boolean;
};

type Failed = Exclude<Outcome, { kind: "ok" }>;

type Dependencies = {
  ask(topic: string): Promise<TopicTraits>;
  verdictOf(error: unknown): Verdict;
  readonly clock: Clock;
  readonly log: Log;
};

const moved = new Set(["not_leader_or_follower", "partition_out_of_range", "unconfirmed"]);

/**
 * Partition counts, refreshed every minute and after an error that says that the metadata is old.
 *
 * A count follows the broker while we run. More partitions move keys, so around a growth one key's records
 * stand in two partitions; freezing the count until a restart would only move that moment to one that nobody chose.
 * A smaller count is believed only after the topic was unknown (deleted and made anew): a broker that lags behind
 * answers with the old count, and believing it would move every key twice.
 */
export const createPartitionCounts = (dependencies: Dependencies) => {
  const { clock, log } = dependencies;
  const counts = new Map<string, Known>();
  const asking = new Map<string, ReturnType<Sink["partitions"]>>();
  const missingSinceMs = new Map<string, number>();

  /** Takes note of what a publish met and returns what to tell the relay. */
  const met = (topic: string, verdict: Verdict): Failed => {
    const { outcome } = verdict;
    const known = counts.get(topic);
    if (known && (moved.has(outcome.code) || outcome.code === UNKNOWN_TOPIC)) known.askedAtMs = -REFRESH_MS;
    if (outcome.code !== UNKNOWN_TOPIC) return outcome;
    if (known) known.mayShrink = true;
    const since = missingSinceMs.get(topic) ?? clock.monotonicMs();
    missingSinceMs.set(topic, since);
    const isMissing = clock.monotonicMs() - since >= MISSING_MS;
    return isMissing ? { kind: "retriable", code: UNKNOWN_TOPIC, pause: true } : outcome;
  };

  const learn = (topic: string, { count, recordAgeMsMax }: TopicTraits): TopicTraits => {
    const known = counts.get(topic);
    missingSinceMs.delete(topic);
    const believed = known && count < known.count && !known.mayShrink ? known.count : count;
    counts.set(topic, { count: believed, recordAgeMsMax, askedAtMs: clock.monotonicMs(), mayShrink: false });
    if (known && believed !== known.count) {
      log("debug", "kafka.partitions_changed", { topic, from: known.count, to: believed });
    }
    return { count: believed, recordAgeMsMax };
  };

  const ask = (topic: string): ReturnType<Sink["partitions"]> => {
    const running = asking.get(topic);
    if (running) return running;
    const answer = dependencies
      .ask(topic)
      .then(
        (traits) =>
          traits.count > 0 ? ({ kind: "ok", ...learn(topic, traits) } as const) : met(topic, clientTable.metadata),
        (error: unknown) => met(topic, dependencies.verdictOf(error)),
      )
      .finally(() => asking.delete(topic));
    asking.set(topic, answer);
    return answer;
  };

  const get: Sink["partitions"] = async (topic) => {
    const known = counts.get(topic);
    if (!known) return ask(topic);
    const nowMs = clock.monotonicMs();
    if (nowMs - known.askedAtMs >= REFRESH_MS) {
      known.askedAtMs = nowMs - REFRESH_MS + ASK_AGAIN_MS;
      void ask(topic);
    }
    return { kind: "ok", count: known.count, recordAgeMsMax: known.recordAgeMsMax };
  };

  return { get, met };
};
