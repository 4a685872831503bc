import { accountOf, isWeak, type ParkedTopic } from "@spillway/event";
import type { BreakerRow, DashboardPorts, ShardRow, Sights } from "./ports.ts";

type Seen = Sights & { readonly atMs: number };

/** One look at everything. `troubles` is the state in words; the first is the worst. Empty: all is well. */
export type Overview = Seen & { readonly troubles: readonly string[]; readonly lots: readonly ParkedLine[] | null };

/** A topic of which events are parked, all shards together. */
export type ParkedLine = Pick<ParkedTopic, "topic" | "code" | "sinceMs" | "events" | "bytes">;

const lotsOf = (parked: Sights["parked"]): readonly ParkedLine[] | null => {
  if (parked === null) return null;
  const lines = new Map<string, ParkedLine>();
  for (const { topic, code, sinceMs, events, bytes } of parked.filter((one) => one.events > 0)) {
    const last = lines.get(topic);
    const first = last !== undefined && last.sinceMs <= sinceMs ? last : { sinceMs, code };
    lines.set(topic, {
      topic,
      code: first.code,
      sinceMs: first.sinceMs,
      events: events + (last?.events ?? 0),
      bytes: bytes + (last?.bytes ?? 0),
    });
  }
  return [...lines.values()];
};

/** As the stream counts, and what became of the shard's parked events since they have left it. */
const withParked = (row: ShardRow, parked: Sights["parked"]): ShardRow => {
  if (row.known === null) return row;
  const { backlogEvents, relayed, dead, parked: left } = row.known;
  const counts = { accepted: backlogEvents + relayed + dead + left, relayed, dead, parked: left };
  const account = accountOf(counts, parked?.filter(({ shard }) => shard === row.shard) ?? null);
  return { ...row, known: { ...row.known, relayed: account.relayed, dead: account.dead } };
};

const durationOf = (ms: number): string =>
  ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;

const parkedTroubles = ({ parked, atMs }: Seen): string[] =>
  (lotsOf(parked) ?? []).map(
    ({ topic, code, sinceMs, events }) =>
      `topic ${topic} takes nothing (${code}): ${events} ${events === 1 ? "event is" : "events are"} parked, for ${durationOf(Math.max(0, atMs - sinceMs))}`,
  );

/** Older than this the oldest event says that relaying does not keep up, or stands still: it takes milliseconds. */
const LAG_MS_MAX = 10_000;

/** Of what streams and outbox hold, whether or not a relay has it in hand. */
const oldestAgeMs = ({ atMs, shards, outbox }: Seen): number =>
  Math.max(
    0,
    ...shards.map((shard) => shard.known?.oldestAgeMs ?? 0),
    ...(outbox ?? []).map((rows) => (rows.events > 0 ? atMs - rows.oldestAtMs : 0)),
  );

const streamTroubles = (seen: Seen): string[] => {
  const { shards } = seen;
  const unknown = shards.filter((shard) => shard.known === null).length;
  if (unknown > 0) return [`${unknown} of ${shards.length} shards cannot be read: Redis does not answer`];
  const ownerless = shards.filter((shard) => shard.known?.owner === null && shard.known.backlogEvents > 0);
  const oldest = oldestAgeMs(seen);
  const troubles: string[] = [];
  if (ownerless.length > 0)
    troubles.push(`no relay owns shard ${ownerless.map(({ shard }) => shard).join(", ")}, which has a backlog`);
  if (oldest > LAG_MS_MAX)
    troubles.push(
      `the oldest event has waited ${Math.round(oldest / 1000)} s for Kafka: a relay's /readyz says what stands still`,
    );
  return troubles;
};

const outboxTroubles = ({ outbox, totals }: Seen): string[] => {
  if (outbox === null || totals === null) return ["Postgres does not answer: no fallback, no dead letters"];
  const events = outbox.reduce((sum, shard) => sum + shard.events, 0);
  const troubles: string[] = [];
  if (events > 0) troubles.push(`${events} ${events === 1 ? "event waits" : "events wait"} in the outbox`);
  if (totals.total > 0)
    troubles.push(
      `${totals.total}${totals.capped ? "+" : ""} ${totals.total === 1 ? "dead letter waits" : "dead letters wait"} for a decision`,
    );
  return troubles;
};

/** What follows from a stream that does not keep what it takes (`ON_WEAK_REDIS` of the edge). */
const consequences = {
  outbox: "events go by the outbox and wait there until Redis keeps what it takes",
  stream: "Redis does not keep what it takes, and a crash of it loses events that are accepted now",
  nowhere: "Redis does not keep what it takes: the edge refuses every event",
} as const;

const promiseTroubles = ({ name, promise, eventsGoTo }: BreakerRow): string[] =>
  name === "stream" && promise !== null && isWeak(promise.state) && eventsGoTo !== null
    ? [consequences[eventsGoTo]]
    : [];

const troublesOf = (seen: Seen): string[] => {
  const troubles = [...streamTroubles(seen), ...parkedTroubles(seen), ...outboxTroubles(seen)];
  for (const row of seen.breakers) {
    const { name, status, warnings } = row;
    if (status !== "up")
      troubles.push(`the edge ${status === "down" ? "cannot write to" : "does not say how it sees"} the ${name}`);
    troubles.push(...promiseTroubles(row), ...warnings.map((warning) => `${name}: ${warning}`));
  }
  if (seen.unaccounted !== null && seen.unaccounted > 0)
    troubles.push(`${seen.unaccounted} events were acknowledged and are nowhere: Redis or Postgres has lost them`);
  return troubles;
};

export const look = async (ports: DashboardPorts): Promise<Overview> => {
  const [streams, outbox, parked, breakers, unaccounted, totals] = await Promise.all([
    ports.shards(),
    ports.outbox(),
    ports.parked(),
    ports.breakers(),
    ports.unaccounted(),
    ports.totals(),
  ]);
  const shards = streams.map((row) => withParked(row, parked));
  const seen: Seen = { atMs: ports.clock.wallMs(), shards, outbox, parked, breakers, unaccounted, totals };
  return { ...seen, troubles: troublesOf(seen), lots: lotsOf(parked) };
};
