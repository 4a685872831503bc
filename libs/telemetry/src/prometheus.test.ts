import { expect, test } from "vitest";
import { createPrometheusMetrics } from "./prometheus.ts";

test("a label that was not named when the metric was made does not compile: prom-client throws for it when it counts", () => {
  const metrics = createPrometheusMetrics("edge");
  const letters = metrics.counter("letters_total", "Letters.", ["class"]);
  // @ts-expect-error: the label is called class.
  expect(() => letters.add(1, { klass: "poison" })).toThrow("klass");
  // @ts-expect-error: there must be one.
  letters.add(1);
  // @ts-expect-error: this one has none.
  expect(() => metrics.gauge("depth", "Depth.").set(1, { shard: "0" })).toThrow("shard");
});

test("counters, gauges and histograms are exposed with their labels, beside the process's own metrics", async () => {
  const metrics = createPrometheusMetrics("edge");
  metrics.counter("events_total", "Events.", ["tier"]).add(2, { tier: "stream" });
  metrics.gauge("diverted", "Diverted.").set(1);
  metrics.histogram("seconds", "Seconds.", [0.1, 1]).observe(0.5);
  const { text, contentType } = await metrics.expose();
  expect(contentType).toContain("text/plain");
  for (const line of [
    'events_total{tier="stream",app="edge"} 2',
    'diverted{app="edge"} 1',
    'seconds_bucket{le="0.1",app="edge"} 0',
    'seconds_bucket{le="1",app="edge"} 1',
  ])
    expect(text).toContain(line);
  expect(text).toMatch(/process_resident_memory_bytes\{app="edge"\} \d+/);
  expect(text).toContain("nodejs_heap_size_used_bytes");
  expect(text, "Bun walks the whole heap for each answer that has it").not.toContain("nodejs_heap_space");
});

test("what is kept by its labels counts the same series as what names them, and buckets hold all below them", async () => {
  const metrics = createPrometheusMetrics("edge");
  const events = metrics.counter("events_total", "Events.", ["tier", "status"]);
  events.of({ tier: "stream", status: "accepted" }).add(2);
  events.add(3, { status: "accepted", tier: "stream" });
  events.add(1, { tier: "stream", status: "duplicate" });
  const seconds = metrics.histogram("seconds", "Seconds.", [0.1, 1], ["route"]);
  for (const value of [0.1, 0.5, 7]) seconds.of({ route: "/" }).observe(value);
  metrics.counter("idle_total", "Idle.");
  const { text } = await metrics.expose();
  expect(text.split("\n").filter((line) => /^(# (TYPE|HELP) )?(events|seconds|idle)_?/.test(line))).toEqual([
    "# HELP events_total Events.",
    "# TYPE events_total counter",
    'events_total{tier="stream",status="accepted",app="edge"} 5',
    'events_total{tier="stream",status="duplicate",app="edge"} 1',
    "# HELP seconds Seconds.",
    "# TYPE seconds histogram",
    'seconds_bucket{le="0.1",route="/",app="edge"} 1',
    'seconds_bucket{le="1",route="/",app="edge"} 2',
    'seconds_bucket{le="+Inf",route="/",app="edge"} 3',
    'seconds_sum{route="/",app="edge"} 7.6',
    'seconds_count{route="/",app="edge"} 3',
    "# HELP idle_total Idle.",
    "# TYPE idle_total counter",
    'idle_total{app="edge"} 0',
  ]);
});

test("so many equal observations count as many, in their bucket and those above", async () => {
  const metrics = createPrometheusMetrics("relay");
  const age = metrics.histogram("age_seconds", "Age.", [0.1, 1], ["topic"]);
  age.of({ topic: "a" }).observe(0.5, 400);
  age.observe(7, { topic: "a" });
  const { text } = await metrics.expose();
  const values = ['le="0.1"', 'le="1"', 'le="+Inf"'].map(
    (le) =>
      new RegExp(`age_seconds_bucket\\{${le.replace("+", "\\+")},topic="a",app="relay"\\} (\\d+)`).exec(text)?.[1],
  );
  expect(values).toEqual(["0", "400", "401"]);
  expect(text).toContain('age_seconds_sum{topic="a",app="relay"} 207');
  expect(text).toContain('age_seconds_count{topic="a",app="relay"} 401');
});

test("a total is shown as it is told, begins anew below, and is gone when another shows it", async () => {
  const metrics = createPrometheusMetrics("relay");
  const relayed = metrics.total("relayed_total", "Relayed.", ["shard"]);
  const shown = async () => /relayed_total\{shard="0",app="relay"\} (\d+)/.exec((await metrics.expose()).text)?.[1];
  for (const [told, expected] of [
    [5, "5"],
    [9, "9"],
    [3, "3"],
  ] as const) {
    relayed.set(told, { shard: "0" });
    expect(await shown()).toBe(expected);
  }
  relayed.remove({ shard: "0" });
  expect(await shown()).toBeUndefined();
  relayed.set(4, { shard: "0" });
  expect(await shown()).toBe("4");
});

test("what is worth knowing only when somebody asks is looked at before the answer", async () => {
  const metrics = createPrometheusMetrics("edge");
  const waiting = metrics.gauge("waiting", "Waiting.");
  metrics.beforeExpose(async () => waiting.set(3));
  expect((await metrics.expose()).text).toContain('waiting{app="edge"} 3');
});

const openly = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2";
const TRACE = "0af7651916cd43dd8448eb211c80319c";

test("who asks for OpenMetrics gets the last exemplar of each bucket, who does not gets Prometheus's text", async () => {
  const metrics = createPrometheusMetrics("relay", { exemplars: true });
  const age = metrics.histogram("age_seconds", "Age.", [0.1, 1], ["topic"]);
  const events = metrics.counter("events_total", "Events.", ["topic"]);
  events.add(7, { topic: "a" });
  age.of({ topic: "a" }).observe(0.5, 400, "1".repeat(32));
  age.of({ topic: "a" }).observe(0.75, 1, TRACE);
  age.of({ topic: "a" }).observe(7, 2, null);
  const { text, contentType } = await metrics.expose(openly);
  expect(contentType).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
  const lines = text.split("\n");
  expect(lines.filter((line) => /^(# TYPE )?(age|events)_/.test(line))).toEqual([
    "# TYPE age_seconds histogram",
    'age_seconds_bucket{le="0.1",topic="a",app="relay"} 0',
    expect.stringMatching(
      new RegExp(
        `^age_seconds_bucket\\{le="1",topic="a",app="relay"\\} 401 # \\{trace_id="${TRACE}"\\} 0\\.75 \\d+(\\.\\d+)?$`,
      ),
    ),
    'age_seconds_bucket{le="+Inf",topic="a",app="relay"} 403',
    'age_seconds_sum{topic="a",app="relay"} 214.75',
    'age_seconds_count{topic="a",app="relay"} 403',
    'events_total{topic="a",app="relay"} 7',
  ]);
  expect(lines).toContain("# TYPE events counter");
  expect(text.endsWith("\n# EOF\n")).toBe(true);
  expect(text).toMatch(/\nprocess_cpu_seconds_total\{app="relay"\} /);
  // Afterwards nobody's name has changed.
  for (const accept of [null, "text/plain", "*/*"]) {
    const plain = await metrics.expose(accept);
    expect(plain.contentType).toContain("text/plain");
    expect(plain.text).toContain("# TYPE events_total counter");
    expect(plain.text).toContain("# TYPE process_cpu_seconds_total counter");
    expect(plain.text).not.toContain(TRACE);
  }
});

test("where there are no exemplars, nobody gets OpenMetrics", async () => {
  expect((await createPrometheusMetrics("relay").expose(openly)).contentType).toContain("text/plain");
});
