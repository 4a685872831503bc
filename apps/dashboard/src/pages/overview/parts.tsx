/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Overview } from "../../overview.ts";
import type { BreakerRow, ShardRow } from "../../ports.ts";
import { bytesOf, countOf, durationOf } from "../format.ts";
import { Table, Unknown } from "../table.tsx";

const shardLine = ({ shard, known }: ShardRow) => (
  <tr>
    <th scope="row">{shard}</th>
    {known === null ? (
      <td colspan={6}>
        <Unknown />
      </td>
    ) : (
      <>
        <td class="number">{known.oldestAgeMs === null ? "–" : durationOf(known.oldestAgeMs)}</td>
        <td class="number">{countOf(known.backlogEvents)}</td>
        <td class="number">{bytesOf(known.backlogBytes)}</td>
        <td class="number">{countOf(known.relayed)}</td>
        <td class="number">{countOf(known.dead)}</td>
        <td>
          {known.owner ?? <span class="bad">no relay</span>}
          {known.divertedForMs === null ? null : <span class="tag">diverted {durationOf(known.divertedForMs)}</span>}
        </td>
      </>
    )}
  </tr>
);

export const Shards = ({ shards }: Pick<Overview, "shards">) => (
  <section>
    <Table
      caption="Shards: what waits for Kafka"
      columns={{
        Shard: "text",
        Oldest: "number",
        Backlog: "number",
        Stored: "number",
        Relayed: "number",
        Dead: "number",
        Relay: "text",
      }}
      rows={shards}
      line={shardLine}
    />
  </section>
);

/** Shown only while there is something to see. */
export const Parked = ({ lots, atMs }: Pick<Overview, "lots" | "atMs">) =>
  lots !== null && lots.length === 0 ? null : (
    <section>
      <Table
        caption="Parked: what waits for a topic that takes nothing"
        columns={{ Topic: "text", Why: "text", For: "number", Events: "number", Stored: "number" }}
        rows={lots}
        line={(row) => (
          <tr>
            <th scope="row">{row.topic}</th>
            <td>{row.code}</td>
            <td class="number">{durationOf(Math.max(0, atMs - row.sinceMs))}</td>
            <td class="number">{countOf(row.events)}</td>
            <td class="number">{bytesOf(row.bytes)}</td>
          </tr>
        )}
      />
    </section>
  );

export const Outbox = ({ outbox, atMs }: Pick<Overview, "outbox" | "atMs">) => (
  <section>
    <Table
      caption="Outbox: what waits to enter the stream"
      columns={{ Shard: "text", Rows: "number", Events: "number", Oldest: "number" }}
      rows={outbox}
      none="Empty."
      line={(row) => (
        <tr>
          <th scope="row">{row.shard}</th>
          <td class="number">{`${row.exact ? "" : "about "}${countOf(row.rows)}`}</td>
          <td class="number">{countOf(row.events)}</td>
          <td class="number">{durationOf(Math.max(0, atMs - row.oldestAtMs))}</td>
        </tr>
      )}
    />
  </section>
);

const promiseText = (promise: BreakerRow["promise"]): string => {
  if (promise === null) return "unknown";
  if (promise.state === "kept") return "kept";
  return `${promise.state}: ${promise.because.join(", ")}`;
};

export const Breakers = ({ breakers }: Pick<Overview, "breakers">) => (
  <section>
    <table>
      <caption>Breakers: where the edge can write</caption>
      <tbody>
        {breakers.map((row) => (
          <tr>
            <th scope="row">{row.name}</th>
            <td>
              <span class={`state ${row.status}`}>
                {{ up: "closed", down: "open", unknown: "unknown" }[row.status]}
              </span>
            </td>
            <td>{`promise ${promiseText(row.promise)}`}</td>
            <td>{row.warnings.join("; ")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);
