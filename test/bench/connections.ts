import { KEY, type Pipeline, type Services } from "../support/world.ts";
import { emptied, startBaseline } from "./ingest.ts";
import { runLoad } from "./loader.ts";
import { atLeast, type Row } from "./row.ts";
import { machineMs, median } from "./sample.ts";

/** Of what a handler that stores nothing answers on as many connections. */
const RATIO_MIN = 0.36;

/** Single events on 64, 256 and 1,024 connections; no relay runs. */
export const benchConnections = async (
  services: Services,
  pipeline: Pipeline,
  rounds: number,
  seconds: number,
): Promise<Row[]> => {
  const nothing = await startBaseline("nothing", services, pipeline.topic);
  const edge = pipeline.edges[0]?.url ?? "";
  const betweenRuns = emptied(services, pipeline, [{ name: "ours", url: edge, pids: [] }]);
  const rows: Row[] = [];
  for (const connections of [64, 256, 1_024]) {
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++)
      for (const [url, rates] of [
        [edge, ours],
        [nothing.url, theirs],
      ] as const) {
        const load = { url: `${url}/v1/events`, batch: 1, seconds, key: KEY, connections } as const;
        const before = machineMs();
        const { requestsPerSecond, p99Ms, failed } = await runLoad(load);
        const now = machineMs();
        const busy = (now.used - before.used) / (now.all - before.all);
        const micros = ((now.used - before.used) * 1_000) / (requestsPerSecond * seconds);
        await betweenRuns();
        rates.push(requestsPerSecond);
        console.log(
          `  ${connections}: ${url === edge ? "ours" : "nothing"} ${requestsPerSecond.toFixed(0)}/s, p99 ${p99Ms} ms, ${failed} failed; ` +
            `the cores ${(busy * 100).toFixed(0)} % busy, ${micros.toFixed(1)} µs an event with the load's own`,
        );
      }
    const workload = `single events, ${connections} connections vs nothing`;
    rows.push(atLeast(RATIO_MIN, { workload, ours: median(ours), baseline: median(theirs), unit: "events/s", rounds }));
  }
  await nothing.stop();
  return rows;
};
