import { type Pipeline, type Services, startEdge } from "../support/world.ts";
import { besideOurs, edgeTarget, medianOf } from "./ingest.ts";
import { atLeast, type Row } from "./row.ts";

/** Two edges gain where there are cores for them; on two cores, which Redis and the load use as well, they must not lose. */
const RATE_MIN = 0.97;

/** One edge and two behind one port. */
export const benchFleet = async (
  services: Services,
  pipeline: Pipeline,
  rounds: number,
  seconds: number,
): Promise<Row[]> => {
  const fleet = await startEdge(pipeline.name, pipeline.addresses, { EDGE_PROCESSES: "2" });
  const target = edgeTarget("fleet", fleet, [services.rest, services.redis]);
  const rows = await besideOurs(services, pipeline, [target], { rounds, seconds }, (batch, results) => [
    atLeast(RATE_MIN, {
      workload: `${batch === 1 ? "single events" : "batches of 100"}, two edges behind one port vs one`,
      ours: medianOf(results.get("fleet"), "eventsPerSecond"),
      baseline: medianOf(results.get("ours"), "eventsPerSecond"),
      unit: "events/s",
      rounds,
    }),
  ]);
  await fleet.stop();
  return rows;
};
