import { createPrometheusMetrics } from "@spillway/telemetry/prometheus";
import { expect, test } from "vitest";
import { mergedMetrics } from "./merged-metrics.ts";

const textOf = async (events: number, more: boolean): Promise<string> => {
  const metrics = createPrometheusMetrics("edge");
  metrics.counter("events_total", 'Events of {all} "kinds".', ["code"]).add(events, { code: "a{b} c" });
  if (more) metrics.counter("more_total", "More.").add(1);
  return (await metrics.expose()).text;
};

test("each metric stands once, with the samples of every member behind it", async () => {
  const merged = mergedMetrics([
    { member: 1, text: await textOf(2, false) },
    { member: 2, text: await textOf(3, true) },
  ]);
  const lines = merged.split("\n");
  expect(lines.filter((line) => /events_total|more_total/.test(line))).toEqual([
    '# HELP events_total Events of {all} "kinds".',
    "# TYPE events_total counter",
    'events_total{member="1",code="a{b} c",app="edge"} 2',
    'events_total{member="2",code="a{b} c",app="edge"} 3',
    "# HELP more_total More.",
    "# TYPE more_total counter",
    'more_total{member="2",app="edge"} 1',
  ]);
  const described = lines.filter((line) => line.startsWith("# TYPE"));
  expect(new Set(described).size).toBe(described.length);
  expect(lines.filter((line) => line.startsWith("process_resident_memory_bytes"))).toHaveLength(2);
});

test("a sample without labels gets one", () => {
  expect(mergedMetrics([{ member: 3, text: "# HELP a A.\n# TYPE a gauge\na 1\n" }])).toBe(
    '# HELP a A.\n# TYPE a gauge\na{member="3"} 1\n',
  );
});
