/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";
import type { Level } from "../../verdict/trouble.ts";
import { levelWords, Sign } from "../state.tsx";

const levels: readonly (readonly [level: Level, means: string, next: string])[] = [
  [
    "broken",
    "A promise is broken, clients are refused, or nothing at all is relayed.",
    "Act now; the sentence says on what.",
  ],
  [
    "degraded",
    "Events go on, by a detour or not all of them, or a promise would not survive the next fault.",
    "Look today; most of it ends by itself.",
  ],
  ["unknown", "Nobody can say whether something is wrong.", "Make that somebody says it: it is never taken for well."],
  ["todo", "Nothing is wrong, and an operator has to decide something.", "When there is time."],
  ["well", "All events are in Kafka or accounted for.", "Nothing."],
];

const states: readonly (readonly [what: string, means: string, next: string])[] = [
  [
    "Kafka does not answer",
    "Clients notice nothing: events wait in Redis, and beyond its limit in Postgres, in order.",
    "Bring Kafka back. It drains by itself; the page says how long it has until it is full.",
  ],
  [
    "Kafka refuses the relay",
    "A login, a certificate or a right is missing. Nothing becomes a dead letter by it.",
    "Correct the KAFKA_ settings of the relays or give the right.",
  ],
  [
    "A topic stands still",
    "It is missing, forbidden or without a leader. Its events are parked in Postgres, in order; other topics go on.",
    "Create it, give the right, or start the broker; its events enter by themselves then.",
  ],
  [
    "Redis does not answer",
    "New events go to Postgres, and clients get 202. What is in Redis waits there.",
    "Bring Redis back with its data: what waits in Postgres enters in order before newer events.",
  ],
  [
    "Redis does not keep what it takes",
    "A crash of Redis would lose events that were promised.",
    "Set appendonly yes, appendfsync always, maxmemory-policy noeviction.",
  ],
  [
    "Postgres does not answer",
    "There is no fallback, and no dead letter can be kept.",
    "Bring Postgres back; do not stop Redis meanwhile.",
  ],
  [
    "No relay has a shard",
    "Its events wait; a relay that was killed is replaced within seconds.",
    "Start a relay. If one runs and does not take the shard, its log says why.",
  ],
  [
    "The edge refuses requests",
    "429: it is full, or a key is beyond its quota. 503: neither Redis nor Postgres took the events in time. Nothing of it was promised.",
    "Full: find what keeps events from Kafka. 503: see what is said of Redis and Postgres.",
  ],
  [
    "Events were accepted, and nobody knows where they are",
    "Redis or Postgres lost what it had confirmed: a disk, a snapshot that was put back, an asynchronous standby.",
    "Find out which, ask the clients of that time to send again with the same ids (repeats are dropped), then acknowledge it.",
  ],
  [
    "Dead letters wait",
    "Kafka refused these events for good: too large, not valid. The others go on.",
    "Replay a group once its cause is mended, or discard it with a reason.",
  ],
  [
    "Events go by Postgres",
    "A shard takes its new events there, so that their order holds, until what waits there has entered Redis.",
    "Nothing: it ends by itself.",
  ],
];

const keys = [
  ["/", "search"],
  ["?", "this page"],
  ["j and k", "next and previous row"],
  ["x", "mark the row"],
  ["Enter", "open the row"],
] as const;

const words = [
  ["accepted", "events that a client was told 202 of"],
  ["relayed", "confirmed by Kafka"],
  ["waiting", "in Redis, in Postgres to enter Redis, or parked for a topic that takes nothing"],
  ["dead", "refused by Kafka for good, and kept with the reason"],
  ["unaccounted", "accepted, and neither relayed nor waiting nor dead: lost"],
  ["shard", "events of one key are in one shard, in order; one relay at a time has its lease"],
] as const;

type Row = { readonly term: Child; readonly means: Child };

const Terms = ({ title, rows }: { readonly title: string; readonly rows: readonly Row[] }) => (
  <section>
    <h2>{title}</h2>
    <dl class="help">
      {rows.map(({ term, means }) => (
        <div>
          <dt>{term}</dt>
          <dd>{means}</dd>
        </div>
      ))}
    </dl>
  </section>
);

const andNext = (means: string, next: string) => (
  <>
    {means} <span class="hint">{next}</span>
  </>
);

const levelSign = (level: Level) => (
  <>
    <Sign level={level} /> {levelWords[level]}
  </>
);

/** Every state, and what to do. */
export const HelpPage = () => (
  <>
    <Terms
      title="Levels, the worst first"
      rows={levels.map(([level, means, next]) => ({ term: levelSign(level), means: andNext(means, next) }))}
    />
    <Terms
      title="What can be wrong, and what to do"
      rows={states.map(([what, means, next]) => ({ term: what, means: andNext(means, next) }))}
    />
    <Terms title="Words" rows={words.map(([term, means]) => ({ term, means }))} />
    <Terms title="Keys" rows={keys.map(([key, means]) => ({ term: <kbd>{key}</kbd>, means }))} />
  </>
);
