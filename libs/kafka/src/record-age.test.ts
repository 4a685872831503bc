import { expect, test } from "vitest";
import { RECORD_AGE_MS_UNKNOWN, recordAgeMsMax } from "./record-age.ts";

const MAX = "9223372036854775807";

test.each([
  ["nothing is known", {}, RECORD_AGE_MS_UNKNOWN],
  [
    "Kafka's defaults",
    { "retention.ms": "604800000", "cleanup.policy": "delete", "message.timestamp.before.max.ms": MAX },
    302_400_000,
  ],
  [
    "a short retention",
    { "retention.ms": "20000", "cleanup.policy": "delete", "message.timestamp.before.max.ms": MAX },
    10_000,
  ],
  [
    "a topic that keeps all",
    { "retention.ms": "-1", "cleanup.policy": "delete", "message.timestamp.before.max.ms": "60000" },
    30_000,
  ],
  [
    "a compacted topic",
    { "retention.ms": "20000", "cleanup.policy": "compact", "message.timestamp.before.max.ms": "60000" },
    30_000,
  ],
  [
    "a topic that does both",
    { "retention.ms": "20000", "cleanup.policy": "compact,delete", "message.timestamp.before.max.ms": MAX },
    10_000,
  ],
  [
    "a broker before 3.6",
    { "retention.ms": "604800000", "cleanup.policy": "delete", "message.timestamp.difference.max.ms": "5000" },
    2_500,
  ],
  [
    "a topic that sets the time itself",
    { "retention.ms": "20000", "message.timestamp.type": "LogAppendTime" },
    Number.POSITIVE_INFINITY,
  ],
  ["a topic without limits", { "retention.ms": "-1", "cleanup.policy": "delete" }, Number.POSITIVE_INFINITY],
])("how old a record's time may be: %s", (_name, settings, ageMs) => {
  expect(recordAgeMsMax(new Map(Object.entries(settings)))).toBe(ageMs);
});
