import { KEY, type Services, startPipeline } from "../support/world.ts";
import { emptyRedis } from "./ingest.ts";
import { type Loaded, runLoad } from "./loader.ts";
import { atLeast, type Row } from "./row.ts";
import { median } from "./sample.ts";

const WARM_UP_SECONDS = 3;

type Durability = "default" | "both";

/** What an edge takes while nothing else runs, on a stream and tables of its own. */
const measure = async (
  services: Services,
  batch: 1 | 100,
  seconds: number,
  durability: Durability,
): Promise<Loaded> => {
  const edgeEnv: Record<string, string> = durability === "both" ? { API_KEY_DURABILITY: "test=both" } : {};
  const pipeline = await startPipeline(services, { relays: 0, edgeEnv });
  try {
    const load = { url: `${pipeline.edges[0]?.url}/v1/events`, batch, key: KEY };
    await runLoad({ ...load, seconds: WARM_UP_SECONDS });
    const loaded = await runLoad({ ...load, seconds });
    const [kept] = await pipeline.sql`SELECT coalesce(sum(events), 0)::int AS events FROM copies`;
    const least = durability === "both" ? loaded.requestsPerSecond * seconds * batch * 0.99 : 0;
    if (loaded.failed > 0 || Number(kept?.events) < least)
      throw new Error(`${loaded.failed} failed, ${kept?.events} copied`);
    return loaded;
  } finally {
    await pipeline.stop();
    await emptyRedis(services);
  }
};

/** Events in both tiers against those in the stream alone, in turn. */
export const benchBoth = async (services: Services, rounds: number, seconds: number): Promise<Row[]> => {
  const rows: Row[] = [];
  for (const batch of [1, 100] as const) {
    const rates: Record<Durability, number[]> = { default: [], both: [] };
    for (let round = 0; round < rounds; round++)
      for (const durability of ["default", "both"] as const) {
        const { requestsPerSecond, p50Ms, p99Ms } = await measure(services, batch, seconds, durability);
        rates[durability].push(requestsPerSecond * batch);
        console.log(
          `  round ${round + 1} ${durability}: ${Math.round(requestsPerSecond * batch)} events/s, p50 ${p50Ms} ms, p99 ${p99Ms} ms`,
        );
      }
    const what = batch === 1 ? "single events, 64 connections" : "batches of 100 x 300 B";
    const [ours, baseline] = [median(rates.both), median(rates.default)];
    rows.push(
      atLeast(0.5, { workload: `${what}, in both tiers vs in the stream`, ours, baseline, unit: "events/s", rounds }),
    );
  }
  return rows;
};
