import { createManualClock } from "@spillway/memory";
import { expect, test } from "vitest";
import { watchKafka } from "./kafka-watch.ts";

test("says once why Kafka is away, again when it is for another reason, and that it is back", async () => {
  const clock = createManualClock();
  const stopping = new AbortController();
  const logged: string[] = [];
  let code: string | null = "tls_failed";
  const health = async () => (code === null ? { status: "up" as const } : { status: "down" as const, code });
  const log = (_: string, event: string, fields = {}) => void logged.push(`${event} ${JSON.stringify(fields)}`);
  const ended = watchKafka({ health }, { clock, log }, stopping.signal);
  for (const next of ["sasl_authentication_failed", null, null]) {
    await clock.advance(20_000);
    code = next;
  }
  await clock.advance(10_000);
  stopping.abort();
  await ended;
  expect(logged).toEqual([
    'dependency.down {"dependency":"kafka","code":"tls_failed"}',
    'dependency.down {"dependency":"kafka","code":"sasl_authentication_failed"}',
    'dependency.up {"dependency":"kafka","code":null}',
  ]);
});
