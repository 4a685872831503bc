import type { Outcome, Sink, SinkRecord } from "@spillway/event";
import { inSpan, type Traces } from "@spillway/telemetry";

function* contextsOf(records: readonly SinkRecord[]): Generator<string | undefined> {
  for (const { headers } of records) yield headers.traceparent;
}

const failureOf = (outcome: Outcome): string | undefined => (outcome.kind === "ok" ? undefined : outcome.code);

/** With a span for each publish, linked to the contexts of its records. One that comes again, such as a half of it, is another. */
export const tracedSink = (sink: Sink, traces: Traces): Sink => ({
  ...sink,
  publish: (topic, partition, records, mayStart) => {
    const span = traces.beginFor("publish", contextsOf(records), {
      "messaging.system": "kafka",
      "messaging.operation.type": "send",
      "messaging.destination.name": topic,
      "messaging.destination.partition.id": String(partition),
      "messaging.batch.message_count": records.length,
    });
    const work = () => sink.publish(topic, partition, records, mayStart);
    return inSpan(span, work, (outcome) => ({ failure: failureOf(outcome) }));
  },
});
