import { expect, test } from "vitest";
import { createPrometheusMetrics } from "./prometheus.ts";

test("counters, gauges and histograms are exposed with their labels, beside the process's own metrics", async () => {
  const metrics = createPrometheusMetrics("edge");
  metrics.counter("events_total", "Events.", ["tier"]).add(2, { tier: "stream" });
  metrics.gauge("fenced", "Fenced.").set(1);
  metrics.histogram("seconds", "Seconds.", [0.1, 1]).observe(0.5);
  const { text, contentType } = await metrics.expose();
  expect(contentType).toContain("text/plain");
  for (const line of [
    'events_total{tier="stream",app="edge"} 2',
    'fenced{app="edge"} 1',
    'seconds_bucket{le="0.1",app="edge"} 0',
    'seconds_bucket{le="1",app="edge"} 1',
  ])
    expect(text).toContain(line);
  expect(text).toMatch(/process_resident_memory_bytes\{app="edge"\} \d+/);
});
