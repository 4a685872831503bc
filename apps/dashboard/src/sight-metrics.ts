import { createKept } from "@spillway/service";
import type { Metrics } from "@spillway/telemetry";
import type { Sights } from "./ports.ts";
import type { WatchPorts } from "./watch/watch.ts";

type Place = "stream" | "outbox" | "parked";
/** Shard and time of the oldest event; none where it is empty. */
type Oldest = ReadonlyMap<number, number>;

const streamOldest = (shards: Sights["shards"], nowMs: number): Oldest | null =>
  shards.some(({ known }) => known === null)
    ? null
    : new Map(
        shards.flatMap(({ shard, known }) =>
          known?.oldestAgeMs == null ? [] : [[shard, nowMs - known.oldestAgeMs] as const],
        ),
      );

/** A parked topic is known by when it was parked; its oldest event is a little older. */
const parkedOldest = (parked: Sights["parked"]): Oldest | null => {
  if (parked === null) return null;
  const oldest = new Map<number, number>();
  for (const { shard, sinceMs } of parked.filter(({ events }) => events > 0))
    oldest.set(shard, Math.min(sinceMs, oldest.get(shard) ?? sinceMs));
  return oldest;
};

const outboxOldest = (outbox: Sights["outbox"]): Oldest | null =>
  outbox && new Map(outbox.filter(({ events }) => events > 0).map(({ shard, oldestAtMs }) => [shard, oldestAtMs]));

/** The oldest of each place as it was known last: it grows older also while nobody can be asked. */
const createAges = (metrics: Metrics, shards: () => readonly number[]) => {
  const age = metrics.gauge(
    "spillway_oldest_event_age_seconds",
    "How long the oldest event of the shard has been in the place, as far as anybody knows.",
    ["shard", "place"],
  );
  const known = new Map<Place, Oldest>();
  return {
    saw: (place: Place, oldest: Oldest | null): void => {
      if (oldest !== null) known.set(place, oldest);
    },
    show: (nowMs: number): void => {
      for (const [place, oldest] of known)
        for (const shard of shards()) {
          const atMs = oldest.get(shard) ?? nowMs;
          age.set(Math.max(0, nowMs - atMs) / 1_000, { shard: String(shard), place });
        }
    },
  };
};

const createLetterMetrics = (metrics: Metrics) => {
  const waiting = metrics.gauge(
    "spillway_dead_letters_waiting",
    "Dead letters that wait for a decision, of the newest 100,000.",
    ["class"],
  );
  const oldest = metrics.gauge("spillway_dead_letters_oldest_age_seconds", "Age of the oldest dead letter that waits.");
  let oldestAtMs: number | null = null;
  return {
    saw: (totals: Sights["totals"]): void => {
      if (totals === null) return;
      ({ oldestAtMs } = totals);
      for (const [name, letters] of Object.entries(totals.byClass)) waiting.set(letters, { class: name });
    },
    show: (nowMs: number): void => oldest.set(oldestAtMs === null ? 0 : Math.max(0, nowMs - oldestAtMs) / 1_000),
  };
};

/**
 * What nobody shows whose own work it is: where the oldest event waits when no relay can read, shards without a relay, and the
 * dead letters. It is looked at when somebody asks, at most every two seconds, for as long as half a second.
 */
export const showSights = (metrics: Metrics, ports: WatchPorts): void => {
  const owner = metrics.gauge("spillway_shard_has_owner", "1 while a relay has the lease of the shard, else 0.", [
    "shard",
  ]);
  let shards: readonly number[] = [];
  const ages = createAges(metrics, () => shards);
  const letters = createLetterMetrics(metrics);
  const { clock } = ports;

  const look = async (): Promise<void> => {
    const [streams, outbox, parked, totals] = await Promise.all([
      ports.shards(),
      ports.outbox(),
      ports.parked(),
      ports.totals(),
    ]);
    shards = streams.map(({ shard }) => shard);
    ages.saw("stream", streamOldest(streams, clock.wallMs()));
    ages.saw("outbox", outboxOldest(outbox));
    ages.saw("parked", parkedOldest(parked));
    letters.saw(totals);
    for (const { shard, known } of streams) {
      if (known === null) owner.remove({ shard: String(shard) });
      else owner.set(known.owner === null ? 0 : 1, { shard: String(shard) });
    }
  };

  const kept = createKept<void>(clock, { initial: undefined, ask: look });
  metrics.beforeExpose(async () => {
    await kept();
    ages.show(clock.wallMs());
    letters.show(clock.wallMs());
  });
};
