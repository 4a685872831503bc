import { type Pipeline, type Services, startEdge } from "../support/world.ts";
import { edgeTarget, emptied, inTurn, type Measured, medianOf } from "./ingest.ts";
import { atLeast, type Row } from "./row.ts";

/** Two edges gain where there are cores for them; on two cores, which Redis and the load use as well, they must not lose. */
const RATE_MIN = 0.97;

/** One edge and two behind one port, in turn, on one Redis that is emptied in between; no relay runs. */
export const benchFleet = async (
  services: Services,
  pipeline: Pipeline,
  rounds: number,
  seconds: number,
): Promise<Row[]> => {
  const fleet = await startEdge(pipeline.name, pipeline.addresses, { EDGE_PROCESSES: "2" });
  const beside = [services.rest, services.redis];
  const targets = [
    ...pipeline.edges.slice(0, 1).map((edge) => edgeTarget("ours", edge, beside)),
    edgeTarget("fleet", fleet, beside),
  ];
  const betweenRuns = emptied(services, pipeline, targets);
  const rows: Row[] = [];
  for (const batch of [1, 100] as const) {
    const results = await inTurn(targets, batch, { rounds, seconds, before: null }, betweenRuns);
    const compared = (field: keyof Measured) => ({
      ours: medianOf(results.get("fleet"), field),
      baseline: medianOf(results.get("ours"), field),
      rounds,
    });
    const workload = `${batch === 1 ? "single events" : "batches of 100"}, two edges behind one port vs one`;
    rows.push(atLeast(RATE_MIN, { workload, ...compared("eventsPerSecond"), unit: "events/s" }));
  }
  await fleet.stop();
  return rows;
};
