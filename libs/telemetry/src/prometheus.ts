import * as prometheus from "prom-client";
import type { Metrics } from "./metrics.ts";

/** Metrics on prom-client, with the process's own (memory, CPU, event loop). Not for Workers: it needs `node:cluster`. */
export const createPrometheusMetrics = (app: string): Metrics => {
  const registry = new prometheus.Registry();
  registry.setDefaultLabels({ app });
  prometheus.collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    counter(name, help, labels = []) {
      const counter = new prometheus.Counter({ name, help, labelNames: [...labels], registers });
      return { add: (value, ...[values = {}]) => counter.inc(values, value) };
    },
    gauge(name, help, labels = []) {
      const gauge = new prometheus.Gauge({ name, help, labelNames: [...labels], registers });
      return { set: (value, ...[values = {}]) => gauge.set(values, value) };
    },
    histogram(name, help, buckets, labels = []) {
      const histogram = new prometheus.Histogram({
        name,
        help,
        buckets: [...buckets],
        labelNames: [...labels],
        registers,
      });
      return { observe: (value, ...[values = {}]) => histogram.observe(values, value) };
    },
    expose: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
  };
};
