import { type Pipeline, type Services, startEdge } from "../support/world.ts";
import { besideOurs, edgeTarget, type Measured, medianOf } from "./ingest.ts";
import { atLeast, atMost, type Row } from "./row.ts";

/** What TCP must come to of HTTP. Batches hardly wait for Redis: there it must not lose. */
const bars = { 1: { rate: 1.15, cpu: 0.85 }, 100: { rate: 0.95, cpu: 1 } } as const;

const rowsOf = (batch: 1 | 100, rounds: number, results: ReadonlyMap<string, readonly Measured[]>): Row[] => {
  const { rate, cpu } = bars[batch];
  const workload = `${batch === 1 ? "single events" : "batches of 100"}, the edge over TCP vs over HTTP`;
  const compared = (field: keyof Measured) => ({
    ours: medianOf(results.get("tcp"), field),
    baseline: medianOf(results.get("ours"), field),
    rounds,
  });
  return [
    atLeast(rate, { workload, ...compared("eventsPerSecond"), unit: "events/s" }),
    atMost(cpu, { workload: `${workload}, CPU per event of all`, ...compared("cpuMicrosPerEvent"), unit: "µs" }),
  ];
};

/** The same edge with `REDIS_URL` and with a REST server. */
export const benchTcp = async (
  services: Services,
  pipeline: Pipeline,
  rounds: number,
  seconds: number,
): Promise<Row[]> => {
  const overTcp = await startEdge(pipeline.name, { ...pipeline.addresses, edgeOver: "tcp" }, {});
  const target = edgeTarget("tcp", overTcp, [services.redis]);
  const rows = await besideOurs(services, pipeline, [target], { rounds, seconds }, (batch, results) =>
    rowsOf(batch, rounds, results),
  );
  await overTcp.stop();
  return rows;
};
