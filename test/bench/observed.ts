import { systemClock } from "@spillway/event";
import { type Pipeline, type Services, startEdge } from "../support/world.ts";
import { startCollector } from "../telemetry/collected.ts";
import { besideOurs, edgeTarget } from "./ingest.ts";
import { atLeast, type Row } from "./row.ts";
import { median } from "./sample.ts";

/**
 * Of the rate without it that an edge must reach whose spans go to a collector and that is scraped each second. By the
 * median of the rounds' ratios: two runs of a round follow each other, and a machine whose rate goes from 14,000 to 23,000 within a minute
 * makes medians of each by itself say 0.86 where that is 1.0.
 */
const RATE_MIN = 0.97;
const SCRAPE_MS = 1_000;

/** Asks for the metrics as a Prometheus does, in the format that has exemplars. */
const scrape = (url: string) => {
  const stop = new AbortController();
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const accept = "application/openmetrics-text; version=1.0.0";
      await (await fetch(`${url}/metrics`, { headers: { accept } })).text();
      await systemClock.sleep(SCRAPE_MS, stop.signal);
    }
  };
  const running = run();
  return async (): Promise<void> => {
    stop.abort();
    await running;
  };
};

/** The same edge with traces and a scraper, and without. */
export const benchObserved = async (
  services: Services,
  pipeline: Pipeline,
  rounds: number,
  seconds: number,
): Promise<Row[]> => {
  const collector = await startCollector();
  const observed = await startEdge(pipeline.name, pipeline.addresses, {
    ENVIRONMENT: "development",
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.env.OTEL_EXPORTER_OTLP_ENDPOINT,
  });
  const stopScraping = scrape(observed.url);
  const target = edgeTarget("observed", observed, [services.rest, services.redis]);
  const rows = await besideOurs(services, pipeline, [target], { rounds, seconds }, (batch, results) => {
    const rates = (name: string) => (results.get(name) ?? []).map(({ eventsPerSecond }) => eventsPerSecond);
    const without = rates("ours");
    const ratios = rates("observed").map((rate, round) => rate / (without[round] ?? Number.NaN));
    const workload = `${batch === 1 ? "single events" : "batches of 100"}, with traces and scraped vs without, of each round`;
    return [atLeast(RATE_MIN, { workload, ours: median(ratios), baseline: 1, unit: "of the rate", rounds })];
  });
  const { spans } = await collector.collected();
  if (spans.length === 0) throw new Error("no span came: nothing was measured");
  await stopScraping();
  await observed.stop();
  await collector.stop();
  return rows;
};
