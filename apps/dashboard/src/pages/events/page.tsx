/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { EventState } from "@spillway/event";
import type { Child } from "hono/jsx";
import type { EventName, EventSight, KafkaSight } from "../../sights/events.ts";
import { countOf } from "../format.ts";
import { Shown } from "../shown.tsx";
import { Since, Unknown } from "../state.tsx";
import { Moment } from "../time.tsx";

const Search = ({ name }: { readonly name: EventName | null }) => (
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

const places = {
  stream: "in Redis",
  both: "in Redis, with a copy in Postgres",
  outbox: "in Postgres, to enter Redis",
  parked: "parked in Postgres",
} as const;

const Pending = ({ state, nowMs }: { readonly state: Extract<EventState, { status: "pending" }>; nowMs: number }) => (
  <>
    <p>
      It waits {places[state.tier]}, of <a href={`/lag#shard-${state.shard}`}>shard {state.shard}</a>, since{" "}
      <Since atMs={state.sinceMs} nowMs={nowMs} />.
    </p>
    <dl class="account">
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

const Found = ({ sight: { state, kafka }, nowMs }: { readonly sight: EventSight; readonly nowMs: number }) => {
  if (state === null)
    return (
      <p>
        <Unknown />: Redis or Postgres does not answer.
      </p>
    );
  switch (state.status) {
    case "pending":
      return <Pending state={state} nowMs={nowMs} />;
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
          It died of <code>{state.letter.code}</code> ({state.letter.class}) at <Moment ms={state.letter.diedAtMs} />:{" "}
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

type EventPageProps = { readonly name: EventName | null; readonly sight: EventSight | null; readonly nowMs: number };

export const EventPage = ({ name, sight, nowMs }: EventPageProps) => (
  <section>
    <h2>What became of an event</h2>
    <Search name={name} />
    {name === null || sight === null ? (
      <p>Events are known by the name of the key that posted them, their source and their id.</p>
    ) : (
      <>
        <p>
          <Shown text={name.id} max={200} /> from <Shown text={name.source} max={200} />, posted by{" "}
          {name.producer === "" ? "an application" : <Shown text={name.producer} max={200} />}
        </p>
        <Found sight={sight} nowMs={nowMs} />
        <p>
          <a href={`/dead-letters?status=any&id=${encodeURIComponent(name.id)}`}>Dead letters with this id</a>
        </p>
      </>
    )}
  </section>
);
