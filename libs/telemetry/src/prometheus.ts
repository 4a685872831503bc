import * as prometheus from "prom-client";
import type { Metrics } from "./metrics.ts";
import { createCount, createDistribution, createSeries, createTold, type Value } from "./series.ts";

export type PrometheusOptions = {
  /** Whether who asks for OpenMetrics gets it, with exemplars; else all get Prometheus's own text. */
  readonly exemplars?: boolean;
};

type Described = { readonly name: string; readonly help: string; readonly type: "counter" | "histogram" };

/** prom-client calls these gauges `_total`, which Prometheus keeps for counters; the same by type stays. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** Bun walks its whole heap for them, 17 ms with 300,000 objects, in which no request is answered: a tenth of an edge's rate, asked each second. */
const HEAP_SPACES = ["total", "used", "available"].map((what) => `nodejs_heap_space_size_${what}_bytes`);

const OPEN_METRICS = prometheus.Registry.OPENMETRICS_CONTENT_TYPE;

/** prom-client takes `_total` off the names of its own counters for it, for good, and of others' puts it behind once more. */
const toldOpenly = (metric: prometheus.Metric): prometheus.Metric => {
  const get = async () => {
    const told = await metric.get();
    return String(told.type) === "counter" ? { ...told, name: told.name.replace(/_total$/, "") } : told;
  };
  return { name: (metric as unknown as Described).name, get } as unknown as prometheus.Metric;
};

const openMetricsOf = (registry: prometheus.Registry, app: string): Promise<string> => {
  const open = new prometheus.Registry<prometheus.OpenMetricsContentType>();
  open.setContentType(OPEN_METRICS);
  open.setDefaultLabels({ app });
  for (const metric of registry.getMetricsAsArray())
    open.registerMetric(toldOpenly(metric as unknown as prometheus.Metric));
  return open.metrics();
};

/**
 * Metrics that prom-client writes out, with the process's own (memory, CPU, event loop). Not for Workers: it needs
 * `node:cluster`. Counters and histograms are counted here: prom-client's hash a label object each time, which is 0.5 to 1 µs of a
 * request's 20 at the edge and of each record at the relay.
 */
export const createPrometheusMetrics = (app: string, { exemplars = false }: PrometheusOptions = {}): Metrics => {
  const registry = new prometheus.Registry();
  registry.setDefaultLabels({ app });
  prometheus.collectDefaultMetrics({ register: registry });
  for (const name of [...MISNAMED, ...HEAP_SPACES]) registry.removeSingleMetric(name);
  const looks: (() => void | Promise<void>)[] = [];
  /** All that the registry asks of a metric. */
  const expose = (described: Described, values: () => Value[]): void => {
    const get = async () => ({ ...described, values: values(), aggregator: "sum" });
    registry.registerMetric({ name: described.name, get } as unknown as prometheus.Metric);
  };
  return {
    counter(name, help, labels = []) {
      const series = createSeries(labels, createCount);
      expose({ name, help, type: "counter" }, () => series.all().flatMap(({ child, labels }) => child.values(labels)));
      return { add: (value, ...[values]) => series.of(values).add(value), of: (...[values]) => series.of(values) };
    },
    total(name, help, labels = []) {
      const series = createSeries(labels, createTold);
      expose({ name, help, type: "counter" }, () => series.all().flatMap(({ child, labels }) => child.values(labels)));
      return {
        set: (value, ...[values]) => series.of(values).set(value),
        remove: (...[values]) => series.remove(values),
      };
    },
    gauge(name, help, labels = []) {
      const gauge = new prometheus.Gauge({ name, help, labelNames: [...labels], registers: [registry] });
      return {
        set: (value, ...[values = {}]) => gauge.set(values, value),
        remove: (...[values = {}]) => gauge.remove(values),
      };
    },
    histogram(name, help, buckets, labels = []) {
      const series = createSeries(labels, () => createDistribution(name, buckets));
      expose({ name, help, type: "histogram" }, () =>
        series.all().flatMap(({ child, labels }) => child.values(labels)),
      );
      return {
        observe: (value, ...[values]) => series.of(values).observe(value),
        of: (...[values]) => series.of(values),
      };
    },
    beforeExpose: (look) => void looks.push(look),
    expose: async (accept) => {
      await Promise.all(looks.map((look) => look()));
      if (exemplars && accept?.includes("application/openmetrics-text"))
        return { text: await openMetricsOf(registry, app), contentType: OPEN_METRICS };
      return { text: await registry.metrics(), contentType: registry.contentType };
    },
  };
};
