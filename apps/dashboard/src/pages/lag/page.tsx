/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { History } from "../../history/history.ts";
import type { GroupSight } from "../../sights/groups.ts";
import { saidBy } from "../../verdict/look.ts";
import { listOf } from "../../verdict/words.ts";
import type { Overview } from "../../watch/watch.ts";
import { bytesOf, countOf, durationOf } from "../format.ts";
import { Plots } from "../plots.tsx";
import { Clock, Rate, Since, Unknown } from "../state.tsx";
import { Table } from "../table.tsx";
import { AgeBar } from "./bar.tsx";

type ShardLine = Overview["lines"][number];

/** Until the shard's backlog is gone at this rate. */
const drained = ({ waiting, inPerSecond, outPerSecond }: ShardLine): string => {
  if (waiting === 0) return "–";
  if (waiting === null || inPerSecond === null || outPerSecond === null) return "unknown";
  const shrinks = outPerSecond - inPerSecond;
  return shrinks <= 0 ? "grows" : durationOf((waiting * 1_000) / shrinks);
};

const State = ({ line, nowMs }: { readonly line: ShardLine; readonly nowMs: number }) => {
  const { known, ownerSinceMs } = line;
  if (known === null) return <Unknown />;
  return (
    <>
      {known.owner === null ? (
        <strong class="broken">no relay</strong>
      ) : (
        <>
          {known.owner}
          {ownerSinceMs === null ? null : (
            <span class="note">
              at least since <Clock atMs={ownerSinceMs} nowMs={nowMs} />
            </span>
          )}
        </>
      )}
      {known.divertedForMs === null ? null : (
        <span class="note degraded">
          diverted to Postgres since <Since atMs={nowMs - known.divertedForMs} nowMs={nowMs} />
        </span>
      )}
    </>
  );
};

const shardLine = (nowMs: number) => (line: ShardLine) => (
  <tr id={`shard-${line.shard}`}>
    <th scope="row" data-label="Shard">
      {line.shard}
    </th>
    <td class="number" data-label="Oldest">
      {line.waiting === null ? (
        <Unknown />
      ) : line.oldestMs === null ? (
        "–"
      ) : (
        <>
          <AgeBar ageMs={line.oldestMs} /> {durationOf(line.oldestMs)}
        </>
      )}
    </td>
    <td class="number" data-label="Waiting">
      {line.waiting === null ? <Unknown /> : countOf(line.waiting)}
      {line.known === null || line.known.backlogBytes === 0 ? null : (
        <span class="note">{bytesOf(line.known.backlogBytes)} in Redis</span>
      )}
    </td>
    <td class="number" data-label="In">
      <Rate perSecond={line.inPerSecond} />
    </td>
    <td class="number" data-label="Out">
      <Rate perSecond={line.outPerSecond} />
    </td>
    <td class="number" data-label="Drained in">
      {line.known === null ? <Unknown /> : drained(line)}
    </td>
    <td data-label="Relay">
      <State line={line} nowMs={nowMs} />
    </td>
  </tr>
);

const Shards = ({ overview }: { readonly overview: Overview }) => (
  <section>
    <Table
      class="rows"
      caption="Shards, the oldest event over Redis, Postgres and what is parked"
      columns={{
        Shard: "text",
        Oldest: "number",
        Waiting: "number",
        In: "number",
        Out: "number",
        "Drained in": "number",
        Relay: "text",
      }}
      rows={overview.lines}
      line={shardLine(overview.atMs)}
    />
  </section>
);

/** Who of the relays does not say. */
const silentOf = (relays: Overview["relays"]): string => {
  const silent = relays.filter(({ said }) => said === null).map(({ at }) => at);
  return relays.length === 0 ? "no relay is asked (RELAY_URL)" : `no answer from the relay at ${listOf(silent)}`;
};

/** What stands still by place: topics of which events are parked, and what the relays say of lanes and shards. */
const Standstills = ({ overview }: { readonly overview: Overview }) => {
  const { atMs, parked, relays } = overview;
  const lots = (parked ?? []).filter(({ events }) => events > 0);
  const places = saidBy(relays).flatMap(({ said }) => said.troubles.filter(({ forMs }) => forMs >= 1_000));
  const rows = [
    ...lots.map(({ shard, topic, code, sinceMs, events, bytes }) => ({
      where: `${topic}, of shard ${shard}`,
      state: "parked",
      code,
      sinceMs,
      what: `${countOf(events)} (${bytesOf(bytes)})`,
    })),
    ...places
      .filter(({ state }) => state !== "parked")
      .map(({ topic, partition, shard, state, code, forMs, missing, outboxEvents }) => ({
        where:
          [
            topic,
            partition === undefined ? null : `partition ${partition}`,
            shard === undefined ? null : `shard ${shard}`,
          ]
            .filter((part) => part != null)
            .join(", ") || "the relay",
        state,
        code,
        sinceMs: atMs - forMs,
        what: String(missing ?? outboxEvents ?? "–"),
      })),
  ];
  const isTold = relays.length > 0 && saidBy(relays).length === relays.length;
  return (
    <section>
      <Table
        class="rows"
        caption="What stands still, and why"
        columns={{ Where: "text", State: "text", Code: "text", Since: "text", Events: "number" }}
        rows={parked === null && places.length === 0 ? null : rows}
        none={isTold ? "Nothing." : "Nothing is parked."}
        line={(row) => (
          <tr>
            <th scope="row" data-label="Where">
              {row.where}
            </th>
            <td data-label="State">{row.state}</td>
            <td data-label="Code">
              <code>{row.code}</code>
            </td>
            <td data-label="Since">
              <Since atMs={row.sinceMs} nowMs={atMs} />
            </td>
            <td class="number" data-label="Events">
              {row.what}
            </td>
          </tr>
        )}
      />
      {parked === null ? <p class="hint">Which topics are parked is not known: Postgres does not say.</p> : null}
      {isTold ? null : <p class="hint">What else stands still is not known: {silentOf(relays)}.</p>}
    </section>
  );
};

const whys = { not_answered: "Kafka does not say", not_committed: "it has committed nothing of a partition" } as const;

/** How far the consumers downstream are behind Kafka's end. */
const Groups = ({ of: { groups, lags }, nowMs }: { readonly of: GroupSight; readonly nowMs: number }) => (
  <section>
    <Table
      class="rows"
      caption="Consumer groups, behind the end of their topics"
      columns={{ Group: "text", Topic: "text", Records: "number", "Reads nothing": "text" }}
      rows={groups.length === 0 ? [] : lags}
      none="None is named: CONSUMER_GROUPS and KAFKA_BROKERS of the dashboard."
      line={({ group, topic, records, unknown, stillSinceMs }) => (
        <tr>
          <th scope="row" data-label="Group">
            {group}
          </th>
          <td data-label="Topic">{topic}</td>
          <td class="number" data-label="Records">
            {records === null ? <Unknown /> : countOf(records)}
            {unknown === null ? null : <span class="note">{whys[unknown]}</span>}
          </td>
          <td data-label="Reads nothing">
            {records === null ? (
              <Unknown />
            ) : stillSinceMs === null ? (
              "–"
            ) : (
              <>
                since <Since atMs={stillSinceMs} nowMs={nowMs} />
              </>
            )}
          </td>
        </tr>
      )}
    />
  </section>
);

type LagProps = {
  readonly overview: Overview;
  readonly history: Pick<History, "points">;
};

export const LagPage = ({ overview, history }: LagProps) => (
  <>
    <Shards overview={overview} />
    <Standstills overview={overview} />
    <Groups of={overview.groups} nowMs={overview.atMs} />
    <Plots of="minutes" points={history.points("minutes")} overview={overview} whole />
    <Plots of="day" points={history.points("day")} overview={overview} whole />
  </>
);
