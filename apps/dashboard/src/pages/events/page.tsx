/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Ahead, EventState } from "@spillway/event";
import type { Child } from "hono/jsx";
import type { EventAsked, EventSight, KafkaSight } from "../../sights/events.ts";
import { countOf, manyOf } from "../format.ts";
import { Shown } from "../shown.tsx";
import { Since, Unknown } from "../state.tsx";
import { Moment } from "../time.tsx";

const Search = ({ asked: name }: { readonly asked: EventAsked | null }) => (
  <form method="get" action="/events" class="filter">
    <label>
      Id <input name="id" value={name?.id ?? ""} required maxlength={1024} />
    </label>{" "}
    <label>
      Name of its key <input name="key" value={name?.producer ?? ""} maxlength={128} />
    </label>{" "}
    <label>
      Source <input name="source" value={name?.source ?? ""} maxlength={1024} placeholder="/ and the key's name" />
    </label>{" "}
    <button type="submit">Look</button>
  </form>
);

const Row = ({ of, children }: { readonly of: string; readonly children: Child }) => (
  <div class="figure">
    <dt>{of}</dt>
    <dd>{children}</dd>
  </div>
);

const InKafka = ({ kafka }: { readonly kafka: KafkaSight }) => {
  if (kafka.kind === "unknown") return <p>Where in Kafka is not known: {kafka.why}.</p>;
  const times = (
    <>
      records from <Moment ms={kafka.fromMs} /> to <Moment ms={kafka.untilMs} />
    </>
  );
  if (kafka.kind === "absent")
    return (
      <p>
        Not found among {countOf(kafka.records)} {times}
        {kafka.isWhole ? "" : ", which are not all: more than are read, or a partition without a leader"}. Kafka has
        confirmed it; retention may have taken it away.
      </p>
    );
  return (
    <dl class="account">
      <Row of="Topic">
        <Shown text={kafka.topic} />
      </Row>
      <Row of="Partition">{kafka.partition}</Row>
      <Row of="Offset">{kafka.offset}</Row>
      <Row of="Record's time">
        <Moment ms={kafka.atMs} />
      </Row>
      <Row of="Trace">
        <Shown text={kafka.headers.traceparent ?? null} />
      </Row>
    </dl>
  );
};

export const PLACES = {
  stream: "in Redis",
  both: "in Redis, with a copy in Postgres",
  outbox: "in Postgres, to enter Redis",
  parked: "parked in Postgres",
} as const;

/** "More than 1,024 and at most 90,211 events". */
const aheadText = ({ least, most }: Ahead): string => {
  if (most === least) return least === 0 ? "none" : manyOf(least, "event");
  const more = `more than ${manyOf(least, "event")}`;
  return most === null ? more : `${more}, at most ${countOf(most)}`;
};

type PendingProps = {
  readonly state: Extract<EventState, { status: "pending" }>;
  readonly ahead: Ahead | null;
  readonly nowMs: number;
};

const Pending = ({ state, ahead, nowMs }: PendingProps) => (
  <>
    <p>
      It waits {PLACES[state.tier]}, of <a href={`/lag#shard-${state.shard}`}>shard {state.shard}</a>, since{" "}
      <Since atMs={state.sinceMs} nowMs={nowMs} />.
    </p>
    <dl class="account">
      <Row
        of={state.tier === "outbox" ? "Ahead of it in Postgres, behind what is in Redis" : "Ahead of it in its shard"}
      >
        {ahead === null ? <Unknown /> : aheadText(ahead)}
      </Row>
      {"entry" in state ? <Row of="Entry">{state.entry}</Row> : null}
      {"row" in state ? <Row of="Row">{state.row}</Row> : null}
      {"topic" in state ? (
        <Row of="Its topic takes none">
          <Shown text={state.topic} />
        </Row>
      ) : null}
    </dl>
  </>
);

const Found = ({ sight: { state, kafka, ahead }, nowMs }: { readonly sight: EventSight; readonly nowMs: number }) => {
  if (state === null)
    return (
      <p>
        <Unknown />: Redis or Postgres does not answer.
      </p>
    );
  switch (state.status) {
    case "pending":
      return <Pending state={state} ahead={ahead} nowMs={nowMs} />;
    case "relayed":
      return (
        <>
          <p>
            Kafka has confirmed it. It was in entry {state.entry} of shard {state.shard}.
          </p>
          {kafka === null ? null : <InKafka kafka={kafka} />}
        </>
      );
    case "dead":
      return (
        <p>
          It died of <Shown text={state.letter.code} /> ({state.letter.class}) at <Moment ms={state.letter.diedAtMs} />:{" "}
          <a href={`/dead-letters/${state.letter.letter}`}>its letter</a> ({state.letter.status}) has its lives.
        </p>
      );
    case "not_seen":
      return (
        <p>
          It has not come in{" "}
          {state.sinceMs === null ? (
            "as far as anybody remembers: a shard remembers nothing"
          ) : (
            <>
              since <Moment ms={state.sinceMs} />, which is as long as is remembered
            </>
          )}
          , of this key and source.
          {state.letter === null ? null : (
            <>
              {" "}
              It <a href={`/dead-letters/${state.letter.letter}`}>died and was replayed</a> before.
            </>
          )}
        </p>
      );
    case "unknown":
      return <p>It is not among the newest {countOf(state.rows)} rows of the outbox, which holds more.</p>;
  }
};

const Title = ({ asked, sight: { knownBy, name } }: { readonly asked: EventAsked; readonly sight: EventSight }) => (
  <p>
    <Shown text={name.id ?? asked.id} max={200} />
    {name.source === null ? null : (
      <>
        {" "}
        from <Shown text={name.source} max={200} />
      </>
    )}
    {knownBy === "letter" ? ", known by its newest dead letter" : null}
    {knownBy === "dedup_key" ? (
      <>
        , known by its dedup key <Shown text={asked.id} />
      </>
    ) : null}
    {knownBy === "name" ? (
      <>, posted by {name.producer === "" ? "an application" : <Shown text={name.producer} max={200} />}</>
    ) : null}
  </p>
);

type EventPageProps = { readonly asked: EventAsked | null; readonly sight: EventSight | null; readonly nowMs: number };

export const EventPage = ({ asked, sight, nowMs }: EventPageProps) => (
  <section>
    <h2>What became of an event</h2>
    <Search asked={asked} />
    {asked === null || sight === null ? (
      <p>
        Events are known by the name of the key that posted them, their source and their id. By its id alone a dead
        letter is known; a dedup key is enough, too.
      </p>
    ) : (
      <>
        <Title asked={asked} sight={sight} />
        <Found sight={sight} nowMs={nowMs} />
        {asked.producer === null && sight.state?.status === "not_seen" ? (
          <p>By its id alone only a dead letter is known: say the name of the key that posted it, and its source.</p>
        ) : null}
        <p>
          <a href={`/dead-letters?status=any&id=${encodeURIComponent(sight.name.id ?? asked.id)}`}>
            Dead letters with this id
          </a>
        </p>
      </>
    )}
  </section>
);
