/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Shown } from "@spillway/service";
import type { Said } from "../../sights/ask.ts";
import type { EdgeReadiness, TierRow } from "../../sights/edges.ts";
import type { RelayReadiness } from "../../sights/relays.ts";
import { saidBy } from "../../verdict/look.ts";
import type { Overview } from "../../watch/watch.ts";
import { bytesOf, countOf } from "../format.ts";
import { Since, Unknown } from "../state.tsx";
import { Table } from "../table.tsx";

type Moment = { readonly nowMs: number };

const promiseText = ({ promise }: TierRow): string => {
  if (promise === null) return "not known whether it keeps what it takes";
  return promise.state === "kept" ? "keeps what it takes" : `${promise.state}: ${promise.because.join(", ")}`;
};

/** "Writes to Redis: yes since …". */
const Tier = ({ name, tier, nowMs }: Moment & { readonly name: string; readonly tier: TierRow }) => (
  <td data-label={`Writes to ${name}`}>
    {tier.status === "up" ? "yes" : <strong class="broken">no</strong>}, since{" "}
    <Since atMs={nowMs - tier.for_ms} nowMs={nowMs} />
    <span class="note">{[promiseText(tier), ...tier.warnings].join("; ")}</span>
  </td>
);

export const GO_TO = {
  stream: "Redis, else Postgres",
  outbox: "Postgres",
  nowhere: "nowhere: all are refused",
} as const;

const edgeLine =
  (nowMs: number) =>
  ({ at, said }: Said<EdgeReadiness>) => (
    <tr id={`edge-${at}`}>
      <th scope="row" data-label="Edge">
        {at}
      </th>
      {said === null ? (
        <td colspan={4}>
          <Unknown />
        </td>
      ) : (
        <>
          <Tier name="Redis" tier={said.checks.stream} nowMs={nowMs} />
          <Tier name="Postgres" tier={said.checks.outbox} nowMs={nowMs} />
          <td data-label="Events go to">
            {GO_TO[said.events_go_to]}
            {said.diverted_shards === 0 ? null : <span class="note">{said.diverted_shards} shards by Postgres</span>}
          </td>
          <td class="number" data-label="Requests refused">
            {countOf(said.refusals.requests)}
          </td>
        </>
      )}
    </tr>
  );

const relayLine =
  (nowMs: number) =>
  ({ at, said }: Said<RelayReadiness>) => (
    <tr id={`relay-${at}`}>
      <th scope="row" data-label="Relay">
        {at}
        {said === null ? null : <span class="note">{said.relay}</span>}
      </th>
      {said === null ? (
        <td colspan={4}>
          <Unknown />
        </td>
      ) : (
        <>
          {(["redis", "postgres", "kafka"] as const).map((name) => {
            const { status, code, for_ms } = said.checks[name];
            return (
              <td data-label={`Reaches ${name}`}>
                {status === "up" ? "yes" : status === "down" ? <strong class="broken">no</strong> : <Unknown />}
                {code === undefined ? "" : ` (${code})`}
                <span class="note">
                  since <Since atMs={nowMs - for_ms} nowMs={nowMs} />
                </span>
              </td>
            );
          })}
          <td data-label="Shards">{said.shards.map(({ shard }) => shard).join(", ") || "none"}</td>
        </>
      )}
    </tr>
  );

const warningsOf = ({ edges, relays }: Overview): readonly string[] => [
  ...new Set([
    ...saidBy(edges).flatMap(({ said }) => [...said.checks.stream.warnings, ...said.checks.outbox.warnings]),
    ...saidBy(relays).flatMap(({ said }) => said.warnings),
  ]),
];

const Limits = ({ edges }: Pick<Overview, "edges">) => (
  <section>
    <Table
      class="rows"
      caption="Limits, as each edge has them"
      columns={{ Edge: "text", "A shard in Redis": "text", "The outbox in Postgres": "text" }}
      rows={saidBy(edges)}
      none="No edge says."
      line={({ at, said: { limits } }) => (
        <tr>
          <th scope="row" data-label="Edge">
            {at}
          </th>
          <td data-label="A shard in Redis">
            {countOf(limits.backlog_events_max)} events, {bytesOf(limits.backlog_bytes_max)}
          </td>
          <td data-label="The outbox in Postgres">
            {countOf(limits.outbox_events_max)} events, {bytesOf(limits.outbox_bytes_max)}
          </td>
        </tr>
      )}
    />
  </section>
);

const Kafka = ({ relays }: Pick<Overview, "relays">) => (
  <section>
    <h2>Kafka, as the relays have it</h2>
    <ul class="plain">
      {[
        ...new Set(
          saidBy(relays).map(
            ({ said: { kafka } }) => `Brokers ${kafka.brokers.join(", ")}; topics ${kafka.topics.join(", ")}`,
          ),
        ),
      ].map((line) => (
        <li>{line}</li>
      ))}
      {saidBy(relays).length === 0 ? <li>No relay says.</li> : null}
    </ul>
  </section>
);

const Settings = ({ settings }: { readonly settings: Shown }) => (
  <section>
    <Table
      class="rows"
      caption="Settings of this dashboard; what is secret is not shown"
      columns={{ Setting: "text", Value: "text" }}
      rows={Object.entries(settings)}
      line={([name, value]) => (
        <tr>
          <th scope="row" data-label="Setting">
            <code>{name}</code>
          </th>
          <td data-label="Value">{value}</td>
        </tr>
      )}
    />
  </section>
);

type PipelineProps = { readonly overview: Overview; readonly settings: Shown };

/** What is set, and what each process says of those that it depends on. */
export const PipelinePage = ({ overview, settings }: PipelineProps) => (
  <>
    <section>
      <Table
        class="rows"
        caption="Edges: where events can be written"
        columns={{
          Edge: "text",
          "Writes to Redis": "text",
          "Writes to Postgres": "text",
          "Events go to": "text",
          "Requests refused": "number",
        }}
        rows={overview.edges}
        line={edgeLine(overview.atMs)}
      />
    </section>
    <section>
      <Table
        class="rows"
        caption="Relays: whom they reach"
        columns={{ Relay: "text", Redis: "text", Postgres: "text", Kafka: "text", Shards: "text" }}
        rows={overview.relays}
        none="None is named: set RELAY_URL."
        line={relayLine(overview.atMs)}
      />
    </section>
    <section>
      <h2>Settings that break a promise</h2>
      <ul class="plain">
        {warningsOf(overview).map((warning) => (
          <li>{warning}</li>
        ))}
        {warningsOf(overview).length === 0 ? <li>None, as far as the processes that answer can say.</li> : null}
      </ul>
    </section>
    <Limits edges={overview.edges} />
    <Kafka relays={overview.relays} />
    <Settings settings={settings} />
  </>
);
