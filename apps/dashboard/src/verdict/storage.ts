import { durationOf, manyOf } from "../pages/format.ts";
import { isPostgresSilent, isRedisSilent, type Look, saidBy } from "./look.ts";
import type { Trouble } from "./trouble.ts";
import { fullSentence, listOf, percentOf } from "./words.ts";

/** The longest for which anybody found it down; undefined: nobody says. */
const downSince = (look: Look, edge: "stream" | "outbox", relay: "redis" | "postgres"): number | undefined => {
  const found = [
    ...saidBy(look.edges).map(({ said }) => said.checks[edge]),
    ...saidBy(look.relays).map(({ said }) => said.checks[relay]),
  ].filter(({ status }) => status === "down");
  return found.length === 0 ? undefined : look.atMs - Math.max(...found.map(({ for_ms }) => for_ms));
};

const takes = (look: Look, tier: "stream" | "outbox"): boolean =>
  saidBy(look.edges).some(({ said }) => said.checks[tier].status === "up");

const redisSilence = (look: Look): Trouble[] => {
  if (!isRedisSilent(look)) return [];
  const unread = look.shards.filter(({ known }) => known === null).map(({ shard }) => shard);
  const isAll = unread.length === look.shards.length;
  const sinceMs = downSince(look, "stream", "redis");
  return [
    {
      key: "redis",
      source: "redis",
      level: "broken",
      what: isAll ? "Redis does not answer" : `Redis does not answer for shard ${listOf(unread)}`,
      ...(sinceMs !== undefined && { sinceMs }),
      means: takes(look, "outbox")
        ? "Events go to Postgres, and clients get 202; what is in Redis waits, and how much is not known"
        : "Whether events are accepted is not known; what is in Redis waits",
      next: "Bring Redis back: what waits in Postgres enters it in order by itself",
      href: "/lag",
    },
  ];
};

/** One question took too long, or its tables are older than this version. */
const halfSilence = ({ outbox, parked, accounts, totals, openJobs }: Look): Trouble[] => {
  const asked = {
    "what waits in the outbox": outbox,
    "what is parked": parked,
    "what was lost": accounts,
    "how many dead letters wait": totals,
    "which jobs are not over": openJobs,
  };
  const unsaid = Object.entries(asked).filter(([, answer]) => answer === null);
  return unsaid.map(([name]) => ({
    key: `unsaid ${name}`,
    source: "postgres",
    level: "unknown",
    what: `Postgres does not say ${name}`,
    means: "It answers other questions, so events are taken",
    next: "See /readyz of the dashboard and its log; npm run migrate where tables are missing",
    href: "/pipeline",
  }));
};

const postgresSilence = (look: Look): Trouble[] => {
  if (!isPostgresSilent(look)) return halfSilence(look);
  const sinceMs = downSince(look, "outbox", "postgres");
  return [
    {
      key: "postgres",
      source: "postgres",
      level: takes(look, "stream") ? "degraded" : "broken",
      what: "Postgres does not answer",
      ...(sinceMs !== undefined && { sinceMs }),
      means: "There is no fallback, and no dead letter can be read or written; events go by Redis to Kafka",
      next: "Bring Postgres back; until then do not stop Redis",
      href: "/pipeline",
    },
  ];
};

const ownerlessShards = ({ shards }: Look): Trouble[] => {
  const left = shards.filter(({ known }) => known !== null && known.owner === null && known.backlogEvents > 0);
  if (left.length === 0) return [];
  const events = left.reduce((sum, { known }) => sum + (known?.backlogEvents ?? 0), 0);
  return [
    {
      key: "ownerless",
      source: "redis",
      level: "broken",
      what: `No relay has shard ${listOf(left.map(({ shard }) => shard))}`,
      means: `${manyOf(events, "event waits", "events wait")} there, safe, and nobody brings them to Kafka`,
      next: "Start a relay, or see why it does not take the shard",
      href: "/lag",
    },
  ];
};

const detours = ({ atMs, shards, outbox, account, capacity }: Look): Trouble[] => {
  const diverted = shards.filter(({ known }) => known?.divertedForMs != null);
  const oldest = (outbox ?? []).filter(({ events }) => events > 0).map(({ oldestAtMs }) => oldestAtMs);
  const starts = [...diverted.map(({ known }) => atMs - (known?.divertedForMs ?? 0)), ...oldest];
  if (diverted.length === 0 && (account.outbox ?? 0) === 0) return [];
  const drained = capacity.drainedInMs === null ? "" : `, in about ${durationOf(capacity.drainedInMs)}`;
  return [
    {
      key: "detour",
      source: "postgres",
      level: "degraded",
      what:
        diverted.length > 0
          ? `Events of shard ${listOf(diverted.map(({ shard }) => shard))} go by Postgres`
          : "Events wait in Postgres to enter Redis",
      ...(starts.length > 0 && { sinceMs: Math.min(...starts) }),
      means:
        account.outbox === null
          ? "How many wait there is not known"
          : `${manyOf(account.outbox, "event waits", "events wait")} there, safe and in order`,
      next: `Nothing to do: it ends by itself when Redis takes them${drained}`,
      href: "/lag",
    },
  ];
};

/** From here on it is worth to be told. */
const FILL_TOLD = 0.8;

const fills = (look: Look): Trouble[] => {
  const { streamFill, outboxFill, fullInMs } = look.capacity;
  const found: Trouble[] = [];
  if (streamFill !== null && streamFill >= FILL_TOLD)
    found.push({
      key: "fill-redis",
      source: "redis",
      level: "degraded",
      what: `A shard of Redis is full to ${percentOf(Math.min(1, streamFill))}`,
      means: "Beyond it events go to Postgres, and clients notice nothing",
      next: fullSentence(look) || "Find what keeps events from Kafka",
      href: "/lag",
    });
  if (outboxFill !== null && outboxFill >= FILL_TOLD)
    found.push({
      key: "fill-postgres",
      source: "postgres",
      level: outboxFill >= 1 ? "broken" : "degraded",
      what: `The outbox in Postgres is full to ${percentOf(Math.min(1, outboxFill))}`,
      means:
        fullInMs === null ? "Beyond it clients get 429" : `Clients get 429 in ${durationOf(fullInMs)} at this rate`,
      next: "Find what keeps events from Kafka, or raise OUTBOX_EVENTS_MAX",
      href: "/lag",
    });
  return found;
};

/** A relay copies a shard's counters each second. */
const CHECKPOINT_MS_MAX = 15_000;

const accounts = ({ atMs, accounts: known, shards }: Look): Trouble[] => {
  const found: Trouble[] = [];
  if (known !== null && known.unaccounted > 0)
    found.push({
      key: "loss",
      source: "postgres",
      level: "broken",
      what: `${manyOf(known.unaccounted, "event was", "events were")} accepted, and nobody knows where ${known.unaccounted === 1 ? "it is" : "they are"}`,
      means: `Redis or Postgres lost them before a relay knew of their end; what Kafka had in hand then may have arrived all the same${
        known.possible > 0
          ? `. ${manyOf(known.possible, "more event", "more events")} may be lost, of an edge that died then`
          : ""
      }`,
      next: "Find out which of both lost data, have the clients of that time send again with the same ids (what is there is dropped), then acknowledge it here",
    });
  if (known !== null && known.unaccounted === 0 && known.possible > 0)
    found.push({
      key: "loss",
      source: "postgres",
      level: "todo",
      what: `${manyOf(known.possible, "event", "events")} may be lost, of an edge that died when Redis lost data`,
      means:
        "Redis had them, and nobody can say whether their clients were answered; of the edge's last second it may be a few more",
      next: "Have the clients of that edge send again what they sent last, with the same ids (what is there is dropped), then acknowledge it here",
    });
  const age = known?.checkpointAgeMs ?? 0;
  if (age > CHECKPOINT_MS_MAX && shards.some(({ known: shard }) => shard?.owner != null))
    found.push({
      key: "checkpoint",
      source: "postgres",
      level: "degraded",
      what: "The relays do not copy the counters of a shard to Postgres",
      sinceMs: atMs - age,
      means: "A loss in Redis would be told late, or not in full",
      next: "See the relays' logs",
      href: "/pipeline",
    });
  return found;
};

/** Redis, Postgres, and what waits in them. */
export const storageTroubles = (look: Look): Trouble[] => [
  ...redisSilence(look),
  ...postgresSilence(look),
  ...accounts(look),
  ...ownerlessShards(look),
  ...detours(look),
  ...fills(look),
];
