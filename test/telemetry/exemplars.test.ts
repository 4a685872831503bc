import { startPrometheus } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { expect, test } from "vitest";
import { startPipeline, startServices } from "../support/world.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PATIENCE_MS = 60_000;
const ASK_MS = 5_000;

type Found = {
  readonly data: readonly { readonly exemplars: readonly { readonly labels: Record<string, string> }[] }[];
};

test("a real Prometheus finds the trace of an event behind its age, and reads all of the relay's metrics beside it", async () => {
  const services = await startServices();
  const env = { ENVIRONMENT: "development", OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" };
  const pipeline = await startPipeline(services, { edgeEnv: env, relayEnv: env });
  const targets = pipeline.relays.map(({ port }) => `127.0.0.1:${port}`);
  const prometheus = await startPrometheus({ rules: "{}", targets, scrapeMs: 500, features: ["exemplar-storage"] });
  const ask = async (path: string, query: string) => {
    const url = `${prometheus.url}/api/v1/${path}query=${encodeURIComponent(query)}`;
    return (await fetch(url, { signal: AbortSignal.timeout(ASK_MS) })).json();
  };
  try {
    const headers = { "content-type": "application/json", traceparent: `00-${TRACE}-b7ad6b7169203331-01` };
    const isStored = async () => (await pipeline.post('{"type":"t","id":"1"}', headers)).status === 202;
    await eventually("202", isStored, PATIENCE_MS);
    const range = `start=${Math.floor(Date.now() / 1_000) - 600}&end=${Math.floor(Date.now() / 1_000) + 600}`;
    const found = await eventually(
      "an exemplar",
      async () => {
        const { data }: Found = await ask(`query_exemplars?${range}&`, "spillway_event_age_seconds_bucket");
        return data.length > 0 && data;
      },
      PATIENCE_MS,
    );
    expect(found.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id))).toEqual([TRACE]);

    const read = await (await fetch(`${pipeline.relays[0]?.url}/metrics`)).text();
    const named = [...read.matchAll(/^# TYPE (\w+) (counter|gauge)$/gm)].map(([, name]) => name);
    const known: string[] = (await ask("label/__name__/values?", "")).data;
    expect(named.filter((name) => read.includes(`\n${name}{`) && !known.includes(name ?? ""))).toEqual([]);
  } finally {
    await prometheus.stop();
    await pipeline.stop();
    await services.stop();
  }
});
