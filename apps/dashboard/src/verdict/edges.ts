import { isWeak } from "@spillway/event";
import { manyOf } from "../pages/format.ts";
import type { EdgeReadiness, TierRow } from "../sights/edges.ts";
import { groupedBy, isPostgresSilent, isRedisSilent, type Look, saidBy } from "./look.ts";
import type { Trouble } from "./trouble.ts";

const silentEdges = ({ edges }: Look): Trouble[] => {
  const silent = edges.filter(({ said }) => said === null);
  const isAll = silent.length === edges.length;
  return silent.map(({ at }) => ({
    key: `edge ${at}`,
    source: "edges",
    level: isAll ? "broken" : "degraded",
    what: `The edge at ${at} does not answer`,
    means: isAll ? "Clients are likely to get no answer; what was accepted is safe" : "The other edges take events",
    next: "Look at its process and its log",
    href: "/pipeline",
  }));
};

/** Why requests were refused, and who has to do something. */
export const refusalWords: Readonly<Record<string, readonly [level: "broken" | "todo", why: string, next: string]>> = {
  backlog_full: [
    "broken",
    "429: Redis and Postgres are full",
    "Find what keeps events from Kafka, or raise OUTBOX_EVENTS_MAX",
  ],
  quota_exceeded: ["todo", "429: a key sends more than its quota", "Nothing, or raise its quota in API_KEY_QUOTAS"],
  overloaded: [
    "broken",
    "503: the edge has more in hand than it can store",
    "Add an edge, or see what slows Redis down",
  ],
  unavailable: [
    "broken",
    "503: neither Redis nor Postgres took them in time",
    "See what is said of Redis and Postgres",
  ],
  weak_redis: ["broken", "503: Redis does not keep what it takes", "Mend the settings of Redis that are named"],
  both_unavailable: [
    "broken",
    "503: they must be in both Redis and Postgres",
    "See what is said of Redis and Postgres",
  ],
  wrong_installation: [
    "broken",
    "503: this edge, its Redis and its Postgres do not belong together",
    "Correct the setting that is named",
  ],
  partly: ["broken", "207: of their events some were not stored", "See what else is said here"],
};

const refusalTroubles = ({ atMs, edges }: Look): Trouble[] => {
  const runs = saidBy(edges).flatMap(({ said }) => said.refusals.runs);
  return [...groupedBy(runs, ({ code }) => code)].map(([code, all]) => {
    const [level, why, next] = refusalWords[code] ?? ["broken", code, "See what else is said here"];
    const requests = all.reduce((sum, run) => sum + run.requests, 0);
    return {
      key: `refused ${code}`,
      source: "edges",
      level,
      what: `${manyOf(requests, "request was", "requests were")} refused (${why})`,
      sinceMs: atMs - Math.max(...all.map(({ for_ms }) => for_ms)),
      means: `Clients were told when to come again; nothing of it was promised. A minute without one ends this`,
      next,
      href: "/pipeline",
    };
  });
};

/** What follows from a stream that does not keep what it takes (`ON_WEAK_REDIS` of the edge). */
const consequences = {
  outbox: "Events go by Postgres and wait there until Redis keeps what it takes",
  stream: "A crash of Redis loses events that are accepted now",
  nowhere: "The edge refuses every event",
} as const;

const promiseTroubles = ({ checks, events_go_to }: EdgeReadiness): Trouble[] => {
  const { promise } = checks.stream;
  if (promise === null || promise.state === "kept" || !isWeak(promise.state)) return [];
  return [
    {
      key: "promise",
      source: "edges",
      level: events_go_to === "outbox" ? "degraded" : "broken",
      what: `Redis does not keep what it takes (${promise.because.join(", ")})`,
      means: consequences[events_go_to],
      next: "Set appendonly yes, appendfsync always and maxmemory-policy noeviction in Redis",
      href: "/pipeline",
    },
  ];
};

const tierTroubles = (look: Look, said: EdgeReadiness, at: string): Trouble[] => {
  const { stream, outbox } = said.checks;
  const found: Trouble[] = [];
  const base = { source: "edges" as const, href: "/pipeline" };
  // Of a tier that is down they are why.
  const warnings = [stream, outbox].flatMap((tier) => (tier.status === "up" ? tier.warnings : []));
  const whyOf = (tier: TierRow) => (tier.warnings.length === 0 ? "" : ` (${tier.warnings.join("; ")})`);
  const canStore = stream.status === "up" || outbox.status === "up";
  // A Redis that is read by nobody is told once, where it is read.
  if (stream.status === "down" && !isRedisSilent(look))
    found.push({
      ...base,
      key: `edge-redis ${at}`,
      level: canStore ? "degraded" : "broken",
      what: `The edge at ${at} does not write to Redis${whyOf(stream)}`,
      sinceMs: look.atMs - stream.for_ms,
      means: canStore ? "Events go to Postgres, and clients get 202" : "Clients get 503, and nothing is accepted",
      next: "It tries again by itself, several times a second",
    });
  if (outbox.status === "down" && !isPostgresSilent(look))
    found.push({
      ...base,
      key: `edge-postgres ${at}`,
      level: canStore ? "degraded" : "broken",
      what: `The edge at ${at} does not write to Postgres${whyOf(outbox)}`,
      sinceMs: look.atMs - outbox.for_ms,
      means: canStore ? "Events go to Redis; there is no fallback" : "Clients get 429 or 503, and nothing is accepted",
      next: outbox.warnings.includes("full") ? "Find what keeps events from Kafka" : "It tries again by itself",
    });
  for (const warning of warnings)
    found.push({
      ...base,
      key: `warning ${warning}`,
      level: "degraded",
      what: `An edge warns: ${warning}`,
      means: "A promise of Spillway rests on it",
      next: "Mend what is named; it is looked at again by itself",
    });
  return found;
};

const onceEach = (troubles: readonly Trouble[]): Trouble[] => [
  ...new Map(troubles.map((trouble) => [trouble.key, trouble])).values(),
];

/** What clients meet. */
export const edgeTroubles = (look: Look): Trouble[] => {
  const said = saidBy(look.edges);
  return onceEach([
    ...silentEdges(look),
    ...refusalTroubles(look),
    ...said.flatMap((one) => [...promiseTroubles(one.said), ...tierTroubles(look, one.said, one.at)]),
  ]);
};
