import type { Clock } from "@spillway/event";
import type { GroupLag, KafkaReader } from "@spillway/kafka/reader";

export type GroupRow = GroupLag & {
  /** Since when it is seen to have read nothing although something waits for it; null: it reads, has all, or is not known. */
  readonly stillSinceMs: number | null;
};

/** How far the consumer groups are that the settings name; `lags` null: nobody could be asked lately. */
export type GroupSight = { readonly groups: readonly string[]; readonly lags: readonly GroupRow[] | null };

const APART_MS = 10_000;
const OLD_MS = 60_000;

export type GroupPorts = {
  readonly reader: Pick<KafkaReader, "lags">;
  readonly groups: readonly string[];
  /** Where the relays publish; null: none of them says. */
  readonly topics: () => Promise<readonly string[] | null>;
  readonly clock: Clock;
};

/** Remembers from look to look since when a group stands where it is. A time of which nothing is known is not held against it: Kafka was away. */
const createStandstills = () => {
  const seen = new Map<string, { readonly committed: number; readonly sinceMs: number }>();
  return (lag: GroupLag, atMs: number): GroupRow => {
    const key = JSON.stringify([lag.group, lag.topic]);
    const { records, committed } = lag;
    if (records === null || committed === null) {
      seen.delete(key);
      return { ...lag, stillSinceMs: null };
    }
    const last = seen.get(key);
    // What it has all read, it begins to stand before with the next record.
    if (last?.committed !== committed || records === 0) seen.set(key, { committed, sinceMs: atMs });
    return { ...lag, stillSinceMs: records === 0 ? null : (seen.get(key)?.sinceMs ?? atMs) };
  };
};

/** Asks Kafka for the groups' lag, ten seconds apart, so that a page asks nobody. */
export const followGroups = ({ reader, groups, topics, clock }: GroupPorts) => {
  const standstill = createStandstills();
  let last: { readonly lags: readonly GroupRow[]; readonly atMs: number } | null = null;
  return {
    sight: (): GroupSight => {
      const isOld = last === null || clock.monotonicMs() - last.atMs > OLD_MS;
      return { groups, lags: isOld || last === null ? null : last.lags };
    },
    run: async (signal: AbortSignal): Promise<void> => {
      while (groups.length > 0 && !signal.aborted) {
        const asked = await topics();
        if (asked !== null) {
          const lags = await reader.lags(groups, asked);
          const atMs = clock.wallMs();
          last = { lags: lags.map((lag) => standstill(lag, atMs)), atMs: clock.monotonicMs() };
        }
        await clock.sleep(APART_MS, signal);
      }
    },
  };
};
