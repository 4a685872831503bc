import { manyOf } from "../pages/format.ts";
import type { RelayReadiness, RelayTrouble } from "../sights/relays.ts";
import { nextOf, saysOf } from "./codes.ts";
import { groupedBy, isPostgresSilent, isRedisSilent, type Look, saidBy } from "./look.ts";
import type { Trouble } from "./trouble.ts";
import { fullSentence, safeSentence } from "./words.ts";

/** Shorter stops are how a busy relay works. */
const LASTING_MS = 1_000;

const silentRelays = ({ relays, shards }: Look): Trouble[] => {
  const base = { source: "relays" as const, href: "/pipeline" };
  if (relays.length === 0)
    return [
      {
        ...base,
        key: "relays",
        level: "unknown",
        what: "No relay is asked, so nobody says how Kafka is",
        means: "Whether events arrive in Kafka is not known",
        next: "Set RELAY_URL of the dashboard to the relays' addresses, separated by commas",
      },
    ];
  const silent = relays.filter(({ said }) => said === null);
  const hasOwners = shards.some(({ known }) => known?.owner != null);
  return silent.map(({ at }) => ({
    ...base,
    key: `relay ${at}`,
    level: silent.length < relays.length ? "degraded" : hasOwners ? "unknown" : "broken",
    what: `The relay at ${at} does not answer`,
    means:
      silent.length < relays.length
        ? "The other relays take over its shards within seconds"
        : "How Kafka is, is not known; what is accepted waits where it is safe",
    next: "Look at its process and its log; it goes on where it was when it is back",
  }));
};

/** A question to Kafka is answered within milliseconds. */
const UNANSWERED_MS = 1_500;

const isSilentFor = ({ checks: { kafka } }: RelayReadiness): boolean =>
  kafka.status === "down" || (kafka.unanswered_ms ?? 0) >= UNANSWERED_MS;
const silentMs = ({ checks: { kafka } }: RelayReadiness): number =>
  kafka.status === "down" ? kafka.for_ms : (kafka.unanswered_ms ?? 0);

const kafkaTroubles = (look: Look): Trouble[] => {
  const said = saidBy(look.relays).map((one) => one.said);
  const down = said.filter(isSilentFor);
  const [worst] = down.toSorted((a, b) => silentMs(b) - silentMs(a));
  if (worst === undefined) {
    const isUnknown = said.length > 0 && said.every(({ checks }) => checks.kafka.status === "unknown");
    if (!isUnknown) return [];
    const means = "Whether events arrive there is not known";
    const what = "No relay could ask Kafka yet";
    return [{ key: "kafka-unknown", source: "relays", level: "unknown", what, means, next: "Wait some seconds" }];
  }
  const { checks, kafka } = worst;
  const code = checks.kafka.status === "down" ? (checks.kafka.code ?? "unknown") : "no answer yet";
  const isLogin = code.includes("sasl") || code.includes("tls") || code.includes("authorization");
  const isAll = down.length === said.length;
  return [
    {
      key: "kafka",
      source: "relays",
      level: isAll ? "broken" : "degraded",
      what: isLogin
        ? `Kafka ${kafka.brokers.join(", ")} refuses the relay (${saysOf(code)})`
        : `Kafka ${kafka.brokers.join(", ")} does not answer${isAll ? "" : ` the relay ${worst.relay}`} (${code})`,
      sinceMs: look.atMs - silentMs(worst),
      means: safeSentence(look),
      next: isLogin
        ? nextOf(code)
        : `Nothing to do here but to bring Kafka back: it drains by itself then. ${fullSentence(look)}`,
      href: "/lag",
    },
  ];
};

type Words = Pick<Trouble, "what" | "means" | "next">;

const laneStill = (where: string, code: string): Words => ({
  what: `${where} stands still: ${saysOf(code)}`,
  means:
    "Its events wait in order, and nothing is lost; after some seconds they are put aside, so that other topics go on",
  next: nextOf(code),
});

const notRead = (where: string): Words => ({
  what: `${where} cannot be read by its relay`,
  means: "Its events wait in Redis",
  next: "Look at Redis",
});

/** What stands still at a place, by the states of the relay's table (apps/relay/README.md); the code is told behind it. */
export const standstillWords: Readonly<Record<string, (where: string, code: string) => Words>> = {
  retrying: laneStill,
  paused: laneStill,
  topic: laneStill,
  parked: (where, code) => ({
    what: `${where} stands still: ${saysOf(code)}`,
    means: "Its events wait in Postgres in order, and the other topics go on",
    next: nextOf(code),
  }),
  parking: (where, code) => ({
    what: `Events of ${where} cannot be put aside or brought back: ${saysOf(code)}`,
    means: "They hold up their shard; nothing is lost",
    next: code === "parking_full" ? nextOf(code) : "Look at Postgres",
  }),
  "dead-letters": (where) => ({
    what: `A refused event of ${where} cannot be put aside`,
    means: "What follows it waits; nothing is lost",
    next: "Look at Postgres, where dead letters are kept",
  }),
  room: (where) => ({
    what: `${where} reads nothing: the relay's memory for it is full`,
    means: "What follows waits in Redis",
    next: "Look what stands still beside it",
  }),
  reading: notRead,
  settling: notRead,
  draining: (where, code) => ({
    what: `Rows of ${where} in Postgres do not go on to Redis`,
    means: "They wait in order, and nothing is lost",
    next: code === "weak_redis" ? "Mend the settings of Redis that are named" : "Look at Redis and Postgres",
  }),
  leases: () => ({
    what: "Shards have no relay, and nobody gives them up",
    means: "Their events wait",
    next: "Look which relay hangs: its lease should have ended",
  }),
  outbox: () => ({
    what: "Events wait in Postgres for more than a minute",
    means: "They are safe, and come late",
    next: "Look why Redis does not take them",
  }),
};

const wordsOf = (state: string, where: string, code: string): Words => {
  const words = standstillWords[state]?.(where, code) ?? {
    what: `${where} stands still: ${state}`,
    means: "Its events wait",
    next: "The relay's README has the table of states",
  };
  return { ...words, what: `${words.what} (${code})` };
};

/** What follows from a backend that is named itself is not told again. */
const isConsequence = (look: Look, kafkaDown: boolean, { state, code }: RelayTrouble): boolean =>
  (kafkaDown &&
    (["retrying", "room"].includes(state) || (state === "topic" && code !== "unknown_topic_or_partition"))) ||
  (isRedisSilent(look) && ["reading", "settling", "draining", "leases", "outbox"].includes(state)) ||
  (isPostgresSilent(look) && ["dead-letters", "parking", "outbox", "draining"].includes(state));

const standstills = (look: Look, kafkaDown: boolean): Trouble[] => {
  const found: RelayTrouble[] = [];
  const lots = new Set((look.parked ?? []).filter(({ events }) => events > 0).map(({ topic }) => topic));
  for (const { said } of saidBy(look.relays))
    for (const trouble of said.troubles) {
      if (trouble.forMs < LASTING_MS || isConsequence(look, kafkaDown, trouble)) continue;
      // Postgres knows how many and since when.
      if (trouble.topic !== undefined && lots.has(trouble.topic) && trouble.state !== "parking") continue;
      found.push(trouble);
    }
  const groups = groupedBy(found, ({ state, topic, shard }) => `${state} ${topic ?? shard ?? ""}`);
  return [...groups].flatMap(([key, all]) => {
    const [first] = all.toSorted((a, b) => b.forMs - a.forMs);
    if (first === undefined) return [];
    const where = first.topic === undefined ? `Shard ${first.shard ?? "?"}` : `Topic ${first.topic}`;
    const sinceMs = look.atMs - first.forMs;
    return [
      {
        ...wordsOf(first.state, where, first.code),
        key: `still ${key}`,
        source: "relays",
        level: "degraded",
        sinceMs,
        href: "/lag",
      },
    ];
  });
};

/** Topics of which events are parked; how many and since when is known from Postgres. */
const parkedTopics = ({ parked }: Look): Trouble[] => {
  const topics = groupedBy(
    (parked ?? []).filter(({ events }) => events > 0),
    ({ topic }) => topic,
  );
  return [...topics].flatMap(([topic, lots]) => {
    const [first] = lots.toSorted((a, b) => a.sinceMs - b.sinceMs);
    if (first === undefined) return [];
    const events = lots.reduce((sum, lot) => sum + lot.events, 0);
    return [
      {
        key: `parked ${topic}`,
        source: "postgres",
        level: "degraded",
        what: `Topic ${topic} takes nothing: ${saysOf(first.code)} (${first.code})`,
        sinceMs: first.sinceMs,
        means: `${manyOf(events, "event is", "events are")} parked in Postgres, in order; the other topics go on`,
        next: nextOf(first.code),
        href: "/lag",
      },
    ];
  });
};

const warningsOf = (relays: readonly { readonly said: RelayReadiness }[]): Trouble[] =>
  [...new Set(relays.flatMap(({ said }) => said.warnings))].map((warning) => ({
    key: `warning ${warning}`,
    source: "relays",
    level: "degraded",
    what: `A relay warns: ${warning}`,
    means: "A promise of Spillway rests on it",
    next: "Mend the setting that is named; it is looked at again by itself",
    href: "/pipeline",
  }));

/** Kafka, and whatever keeps events on this side of it. */
export const relayTroubles = (look: Look): Trouble[] => {
  const kafka = kafkaTroubles(look);
  const kafkaDown = kafka.some(({ level }) => level === "broken");
  return [
    ...silentRelays(look),
    ...kafka,
    ...parkedTopics(look),
    ...standstills(look, kafkaDown),
    ...warningsOf(saidBy(look.relays)),
  ];
};
