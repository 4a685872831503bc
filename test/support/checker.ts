import { createHash } from "node:crypto";
import type postgres from "postgres";
import type { Attempt } from "./producer.ts";
import { eachInTopic } from "./topic.ts";

/** What became of the events of a producer. Lost, unexpected and corrupted must be 0; inversions too where order is promised. */
export type Verdict = {
  readonly accepted: number;
  /** Accepted events that are in the topic. */
  readonly relayed: number;
  readonly dead: number;
  /** Accepted, and neither in the topic nor in the dead letters. */
  readonly lost: number;
  /** Of them, those of which was answered that both tiers have them. */
  readonly lostOfBoth: number;
  /** In the topic, and never attempted. */
  readonly unexpected: number;
  /** In the topic with other bytes than were sent. */
  readonly corrupted: number;
  readonly duplicates: number;
  /** Events whose first occurrence comes before the first occurrence of one that was accepted earlier for its key. */
  readonly inversions: number;
  /** Of events by the stream that were sent within `windowMs` of an answer "accepted" by the outbox; not among the `inversions`. */
  readonly inversionsInWindow: number;
  /** Where in the order of acceptance the losses are. */
  readonly firstLost: string | null;
  readonly lastLost: string | null;
};

type Seen = { copies: number; order: number };

const idOf = (value: Buffer): string => {
  try {
    return (JSON.parse(value.toString()) as { id: string }).id;
  } catch {
    // Not JSON: certainly nothing that was posted.
    return "";
  }
};

/** Whether all that the event overtook may have been overtaken: it went by the stream, and they, into the outbox, shortly before. */
const isInWindow = (event: Attempt, overtaken: readonly Attempt[], windowMs: number): boolean =>
  event.tier === "stream" &&
  overtaken.every(({ tier, acceptedAtMs }) => tier === "outbox" && event.sentAtMs - acceptedAtMs <= windowMs);

const countInversions = (attempts: Iterable<Attempt>, seen: ReadonlyMap<string, Seen>, windowMs: number) => {
  const orderOf = ({ id }: Attempt): number => seen.get(id)?.order ?? 0;
  const lastOfKey = new Map<string, number>();
  const earlierOfKey = new Map<string, Attempt[]>();
  const counts = { inversions: 0, inversionsInWindow: 0 };
  const accepted = [...attempts].filter((attempt) => attempt.acceptedAt > 0 && seen.has(attempt.id));
  for (const attempt of accepted.sort((a, b) => a.seq - b.seq)) {
    const order = orderOf(attempt);
    const earlier = earlierOfKey.get(attempt.key) ?? [];
    if (order > (lastOfKey.get(attempt.key) ?? -1)) lastOfKey.set(attempt.key, order);
    else {
      const overtaken = earlier.filter((one) => orderOf(one) > order);
      counts[isInWindow(attempt, overtaken, windowMs) ? "inversionsInWindow" : "inversions"]++;
    }
    earlier.push(attempt);
    earlierOfKey.set(attempt.key, earlier);
  }
  return counts;
};

const deadIds = async (sql: postgres.Sql): Promise<Set<string>> => {
  const rows = await sql<{ bytes: Uint8Array }[]>`SELECT bytes FROM dead_letters`;
  return new Set(rows.map((row) => idOf(Buffer.from(row.bytes))));
};

/**
 * Reads the whole topic and the dead letters, and compares them with what was attempted and accepted. `windowMs`: for how long after
 * an answer by one edge another may not know of it; -1 where nothing may be overtaken.
 */
export const judge = async (
  attempts: ReadonlyMap<string, Attempt>,
  brokers: readonly string[],
  topic: string,
  sql: postgres.Sql,
  windowMs = -1,
): Promise<Verdict> => {
  const seen = new Map<string, Seen>();
  let unexpected = 0;
  let corrupted = 0;
  let order = 0;
  await eachInTopic(brokers, topic, ({ value }) => {
    const id = idOf(value);
    const attempt = attempts.get(id);
    if (attempt === undefined) unexpected++;
    else if (createHash("sha256").update(value).digest("hex") !== attempt.sha256) corrupted++;
    const before = seen.get(id);
    if (before) before.copies++;
    else seen.set(id, { copies: 1, order: order++ });
  });
  const dead = await deadIds(sql);
  const accepted = [...attempts.values()].filter((attempt) => attempt.acceptedAt > 0);
  const lost = accepted.filter(({ id }) => !seen.has(id) && !dead.has(id)).sort((a, b) => a.acceptedAt - b.acceptedAt);
  return {
    accepted: accepted.length,
    relayed: accepted.filter(({ id }) => seen.has(id)).length,
    dead: accepted.filter(({ id }) => dead.has(id)).length,
    lost: lost.length,
    lostOfBoth: lost.filter(({ tier }) => tier === "both").length,
    unexpected,
    corrupted,
    duplicates: [...seen.values()].reduce((sum, { copies }) => sum + copies - 1, 0),
    ...countInversions(attempts.values(), seen, windowMs),
    firstLost: lost[0]?.id ?? null,
    lastLost: lost.at(-1)?.id ?? null,
  };
};
