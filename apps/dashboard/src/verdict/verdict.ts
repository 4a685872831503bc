import { countOf, durationOf } from "../pages/format.ts";
import { edgeTroubles } from "./edges.ts";
import { areGroupsSilent, groupTroubles } from "./groups.ts";
import { isPostgresSilent, isRedisSilent, type Look, saidBy } from "./look.ts";
import { relayTroubles } from "./relays.ts";
import { storageTroubles } from "./storage.ts";
import type { Source, Trouble } from "./trouble.ts";

const letters = ({ totals }: Look): Trouble[] => {
  if (totals === null || totals.total === 0) return [];
  const count = `${totals.capped ? "More than " : ""}${countOf(totals.total)}`;
  return [
    {
      key: "letters",
      source: "postgres",
      level: "todo",
      what: `${count} ${totals.total === 1 ? "dead letter waits" : "dead letters wait"} for a decision`,
      ...(totals.oldestAtMs !== null && { sinceMs: totals.oldestAtMs }),
      means: "Kafka refused them for good; they are kept until somebody decides",
      next: "Look at them: replay what was mended, discard what is nothing worth",
      href: "/dead-letters",
    },
  ];
};

const stoppedJobs = ({ openJobs }: Look): Trouble[] =>
  (openJobs ?? [])
    .filter(({ state }) => state === "stopped")
    .map(({ id }) => ({
      key: `job ${id}`,
      source: "postgres",
      level: "todo",
      what: `Job ${id} stopped, since more of its letters died again than it may cost`,
      means: "The letters that it has not come to wait as before",
      next: "Look what they died of, mend it, then let the job go on, or cancel it",
      href: `/jobs/${id}`,
    }));

/** Older than this the oldest event says that relaying does not keep up, or stands still: it takes milliseconds. */
const LAG_MS_MAX = 10_000;

/** What waits although nothing that is known explains it. */
const unexplained = ({ atMs, account }: Look, told: readonly Trouble[]): Trouble[] => {
  const isExplained = told.some(({ level }) => level !== "todo");
  if (account.oldestMs === null || account.oldestMs <= LAG_MS_MAX || isExplained) return [];
  return [
    {
      key: "lag",
      source: "redis",
      level: "degraded",
      what: "Events wait, and nobody says why",
      sinceMs: atMs - account.oldestMs,
      means: `The oldest has waited ${durationOf(account.oldestMs)}; it is safe, and late`,
      next: "See which shard does not move; more relays help where all of them move",
      href: "/lag",
    },
  ];
};

/** Everything that is wrong, in no order, and who does not say anything. */
export const judge = (look: Look): { readonly troubles: readonly Trouble[]; readonly silent: ReadonlySet<Source> } => {
  const told = [
    ...relayTroubles(look),
    ...storageTroubles(look),
    ...edgeTroubles(look),
    ...letters(look),
    ...stoppedJobs(look),
    ...groupTroubles(look),
  ];
  const silent = new Set<Source>();
  if (isRedisSilent(look)) silent.add("redis");
  if (isPostgresSilent(look)) silent.add("postgres");
  if (saidBy(look.edges).length === 0) silent.add("edges");
  if (saidBy(look.relays).length === 0) silent.add("relays");
  if (areGroupsSilent(look)) silent.add("groups");
  return { troubles: [...told, ...unexplained(look, told)], silent };
};
