import { inSpan, type Traces } from "@spillway/telemetry";
import type { ReadableRows } from "./row-groups.ts";

function* contextsOf({ chunks }: ReadableRows): Generator<string | null> {
  for (const { events } of chunks) for (const { traceparent } of events) yield traceparent;
}

type Move<Moved extends string> = (group: ReadableRows) => Promise<Moved | "moved">;

/** With a span for each append of rows, linked to the contexts of their events. */
export const tracedMove =
  <Moved extends string>(move: Move<Moved>, shard: number, traces: Traces): Move<Moved> =>
  (group) => {
    const span = traces.beginFor("drain", contextsOf(group), {
      "spillway.shard": shard,
      "spillway.rows": group.rows.length,
      "spillway.events": group.chunks.reduce((sum, { events }) => sum + events.length, 0),
    });
    return inSpan(
      span,
      () => move(group),
      (came) => ({ failure: came === "moved" ? undefined : came }),
    );
  };
