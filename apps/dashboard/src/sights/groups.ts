import type { Clock } from "@spillway/event";
import type { GroupLag, KafkaReader } from "@spillway/kafka/reader";

/** How far the consumer groups are that the settings name; `lags` null: nobody could be asked lately. */
export type GroupSight = { readonly groups: readonly string[]; readonly lags: readonly GroupLag[] | null };

const APART_MS = 10_000;
const OLD_MS = 60_000;

export type GroupPorts = {
  readonly reader: Pick<KafkaReader, "lags">;
  readonly groups: readonly string[];
  /** Where the relays publish; null: none of them says. */
  readonly topics: () => Promise<readonly string[] | null>;
  readonly clock: Clock;
};

/** Asks Kafka for the groups' lag, ten seconds apart, so that a page asks nobody. */
export const followGroups = ({ reader, groups, topics, clock }: GroupPorts) => {
  let last: { readonly lags: readonly GroupLag[]; readonly atMs: number } | null = null;
  return {
    sight: (): GroupSight => {
      const isOld = last === null || clock.monotonicMs() - last.atMs > OLD_MS;
      return { groups, lags: isOld || last === null ? null : last.lags };
    },
    run: async (signal: AbortSignal): Promise<void> => {
      while (groups.length > 0 && !signal.aborted) {
        const asked = await topics();
        if (asked !== null) last = { lags: await reader.lags(groups, asked), atMs: clock.monotonicMs() };
        await clock.sleep(APART_MS, signal);
      }
    },
  };
};
