/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { JobState } from "@spillway/dead-letters";
import type { DeadLetterClass, EventState, LetterRefusal, LetterStatus, TierPromise } from "@spillway/event";
import type { Role } from "@spillway/operators";
import type { Child } from "hono/jsx";
import type { EdgeReadiness } from "../../sights/edges.ts";
import { codeWords } from "../../verdict/codes.ts";
import { refusalWords } from "../../verdict/edges.ts";
import { standstillWords } from "../../verdict/relays.ts";
import type { Level } from "../../verdict/trouble.ts";
import { PLACES } from "../events/page.tsx";
import { REASONS, STATES } from "../jobs/words.ts";
import { GO_TO } from "../pipeline/page.tsx";
import { levelWords, Sign } from "../state.tsx";

/** A word that a page shows, and what it means. */
export type Row = { readonly term: Child; readonly means: Child };

const LEVELS: Readonly<Record<Level, readonly [means: string, next: string]>> = {
  broken: [
    "A promise is broken, clients are refused, or nothing at all is relayed.",
    "Act now; the sentence says on what.",
  ],
  degraded: [
    "Events go on, by a detour or not all of them, or a promise would not survive the next fault.",
    "Look today; most of it ends by itself.",
  ],
  unknown: ["Nobody can say whether something is wrong.", "Make that somebody says it: it is never taken for well."],
  todo: ["Nothing is wrong, and an operator has to decide something.", "When there is time."],
  well: ["All events are in Kafka or accounted for.", "Nothing."],
};

const CLASSES: Readonly<Record<DeadLetterClass, readonly [means: string, next: string]>> = {
  oversize: ["Larger than its topic takes.", "Raise max.message.bytes of the topic, then replay; or discard it."],
  rejected: [
    "The broker's rules refuse it: a time, a policy, a record that is not valid.",
    "Mend the rule, then replay.",
  ],
  poison: ["It was refused alone, for no reason that passes.", "Look at its bytes; a replay sends it once more."],
  undecodable: [
    "No event can be read out of it: a whole damaged chunk.",
    "Keep or discard it: there is nothing to replay.",
  ],
};

const STATUSES: Readonly<Record<LetterStatus, string>> = {
  waiting: "nobody has decided it yet",
  replayed: "it was sent again, once; if it died again, that is a new letter with the next life",
  discarded: "an operator gave it up, with a reason; nothing is deleted, and it can be taken back",
};

const JOBS: Readonly<Record<JobState, string>> = {
  running: "letter after letter is decided, in the order in which they died",
  paused: "an operator paused it; it can go on, or be cancelled",
  stopped: "it stopped by itself; mend why they die, then let it go on",
  arriving: "of a replay not all events are known to have left the outbox, the streams and what is parked",
  done: "over; of a replay what did not die again is in Kafka",
  cancelled: "over, by an operator",
};

const SKIPS: Readonly<Record<LetterRefusal["code"], string>> = {
  replayed_too_often:
    "an event is replayed five times at most: mend what refuses it, and have its producer send it again",
  undecodable: "there is nothing to replay in them",
  no_identity: "their bytes are damaged: as events they would be other ones",
  replayed: "by somebody else, or another job",
  discarded: "by somebody else, or another job",
  waiting: "there is nothing to take back",
  not_found: "there is no such letter",
  batch_too_large: "more than 16 MiB: do it again with fewer",
};

const EVENTS: Readonly<Record<EventState["status"], readonly [term: string, means: string]>> = {
  pending: ["It waits", "on its way to Kafka, at the place that is named"],
  relayed: ["Kafka has confirmed it", "its partition and offset are looked for in the records of that time"],
  dead: ["It died", "Kafka refused it for good; its letter says why"],
  not_seen: [
    "It has not come in",
    "of that key and source, in the time that is named; what was before is not remembered",
  ],
  unknown: ["It is not among the newest rows", "the outbox holds more than are looked through"],
};

const TIERS: Readonly<Record<keyof typeof PLACES, string>> = {
  stream: "relayed from there",
  both: "accepted in both, and relayed from Redis",
  outbox: "it enters Redis in order, by itself",
  parked: "its topic takes nothing; it goes on by itself when it does",
};

const PROMISES: Readonly<Record<TierPromise["state"], readonly [term: string, means: string]>> = {
  kept: ["keeps what it takes", "what it has confirmed survives a crash"],
  broken: ["broken", "a setting is not as it must be: a crash would lose what was confirmed"],
  mending: ["mending", "the settings are right again, and Redis writes its file anew: not before it has"],
  unknown: ["unknown", "it does not tell its settings, as a hosted one may not"],
};

const GOES: Readonly<Record<EdgeReadiness["events_go_to"], string>> = {
  stream: "as it should be",
  outbox: "Redis does not keep what it takes",
  nowhere: "no place keeps what it takes",
};

const ROLES: Readonly<Record<Role, string>> = {
  viewer: "looks, and changes nothing",
  operator: "looks, and decides: replay, discard, acknowledge",
};

const ACCOUNT = {
  accepted: "events that a client was told 202 of, since Redis was new",
  relayed: "confirmed by Kafka",
  waiting: "in Redis, in Postgres to enter Redis, or parked for a topic that takes nothing",
  dead: "refused by Kafka for good, and kept with the reason",
  unaccounted: "accepted, and neither relayed nor waiting nor dead: lost",
  "may be lost": "Redis had them when it lost data and an edge died; nobody knows whether their clients were answered",
  shard: "events of one key are in one shard, in order; one relay at a time has its lease",
  parked: "put aside in Postgres, in order, since their topic takes nothing",
} as const;

const SIGNS = {
  "as of": "without scripts: when the page was made",
  live: "the page is as of now, and goes on by itself",
  paused: "somebody pressed Pause; Go on brings it up to date",
  "no answer since": "the dashboard does not answer: what stands there is as old as it says",
  "held while you work on it": "a row in which something is typed or marked stays as it was; the others go on",
  unknown: "nobody could say; it is not zero",
  production: "this is what clients use",
  development: "this is somebody's own",
  "life N": "the event died before and was replayed: this is its so-manieth life",
  "no relay": "nobody has the shard's lease, so its events wait",
  "diverted to Postgres": "new events of the shard go there until what waits there has entered Redis",
  grows: "more comes in than goes out: at this rate it is never drained",
  troubled: "some of those that answer say that something is wrong with them",
  "fill unknown": "no edge tells its limits",
} as const;

const ofRecord = <Word extends string>(words: Readonly<Record<Word, string>>, termOf = (word: Word): Child => word) =>
  (Object.keys(words) as Word[]).map((word): Row => ({ term: termOf(word), means: words[word] }));

/** What it means, and behind it what to do. */
export const withNext = (term: Child, means: string, next: string): Row => ({
  term,
  means: (
    <>
      {means} <span class="hint">{next}</span>
    </>
  ),
});

const ofPairs = <Word extends string>(
  words: Readonly<Record<Word, readonly [means: string, next: string]>>,
  termOf = (word: Word): Child => word,
) =>
  (Object.keys(words) as Word[]).map((word) => {
    const [means, next] = words[word];
    return withNext(termOf(word), means, next);
  });

const ofTerms = (words: Readonly<Record<string, readonly [term: string, means: string]>>) =>
  Object.values(words).map(([term, means]): Row => ({ term, means }));

const levelSign = (level: Level) => (
  <>
    <Sign level={level} /> {levelWords[level]}
  </>
);

const standstillRows = Object.entries(standstillWords).map(([state, words]) => {
  const { what, means, next } = words("A place", "its code");
  return withNext(state, `${what.replace(": its code", "")}. ${means}.`, `${next}.`);
});

/** All words that pages show and that do not explain themselves, by where they stand. Where a type has a new one it does not compile. */
export const words: readonly { readonly title: string; readonly rows: readonly Row[] }[] = [
  { title: "Levels, the worst first", rows: ofPairs(LEVELS, levelSign) },
  {
    title: "Why requests are refused",
    rows: Object.values(refusalWords).map(([, why, next]) => ({ term: why, means: `${next}.` })),
  },
  { title: "What stands still, by its state", rows: standstillRows },
  {
    title: "Why a topic takes nothing, by Kafka's code",
    rows: Object.entries(codeWords).map(([code, [says, next]]) =>
      withNext(<code>{code}</code>, `${says}.`, `${next}.`),
    ),
  },
  { title: "Where every event is", rows: ofRecord(ACCOUNT) },
  { title: "One event", rows: [...ofTerms(EVENTS), ...ofRecord(TIERS, (tier) => PLACES[tier])] },
  { title: "What a dead letter died of", rows: ofPairs(CLASSES) },
  { title: "What became of it", rows: ofRecord(STATUSES) },
  { title: "Jobs", rows: ofRecord(JOBS, (state) => STATES[state]) },
  { title: "What a job leaves as it is: letters that …", rows: ofRecord(SKIPS, (code) => REASONS[code]) },
  { title: "Pipeline", rows: [...ofTerms(PROMISES), ...ofRecord(GOES, (to) => `Events go to ${GO_TO[to]}`)] },
  { title: "Around the page", rows: [...ofRecord(SIGNS), ...ofRecord(ROLES)] },
];
