import { fileURLToPath } from "node:url";
import { buildWorker } from "../runtimes/worker.ts";
import { appOn, workerOn } from "../support/runtimes.ts";
import { type Pipeline, type Services, startEdge } from "../support/world.ts";
import { besideOurs, edgeTarget, type Measured, medianOf, type Target } from "./ingest.ts";
import { atLeast, type Row, reported } from "./row.ts";

/** Of what an edge does whose tier answers at once: the rest is what storing costs. */
const STORED_RATIO_MIN = 0.65;
const instantEntry = fileURLToPath(new URL("instant-edge.ts", import.meta.url));

const beside = ["node", "deno", "workerd"] as const;

const rowsOf = (batch: 1 | 100, rounds: number, results: ReadonlyMap<string, readonly Measured[]>): Row[] => {
  const what = batch === 1 ? "single events" : "batches of 100";
  const compared = (ours: Target["name"], baseline: Target["name"], field: keyof Measured) => ({
    ours: medianOf(results.get(ours), field),
    baseline: medianOf(results.get(baseline), field),
    rounds,
  });
  const rows = beside.flatMap((name) => {
    const workload = `${what}, the edge on ${name === "workerd" ? "workerd, one Durable Object," : name} vs on Bun`;
    return [
      reported({ workload, ...compared(name, "ours", "eventsPerSecond"), unit: "events/s" }),
      reported({
        workload: `${workload}, CPU per event of all`,
        ...compared(name, "ours", "cpuMicrosPerEvent"),
        unit: "µs",
      }),
    ];
  });
  const stored = (["ours", "tcp"] as const).map((name) => {
    const workload = `${what}, stored over ${name === "tcp" ? "TCP" : "HTTP"} vs answered at once`;
    const row = { workload, ...compared(name, "instant", "eventsPerSecond"), unit: "events/s" };
    return batch === 1 ? atLeast(STORED_RATIO_MIN, row) : reported(row);
  });
  return [...stored, ...rows];
};

/** The edge on each runtime, and on a tier that answers at once, beside the one on Bun. */
export const benchRuntimes = async (
  services: Services,
  pipeline: Pipeline,
  rounds: number,
  seconds: number,
): Promise<Row[]> => {
  const worker = buildWorker();
  try {
    const start = (entry: Parameters<typeof startEdge>[3]) => startEdge(pipeline.name, pipeline.addresses, {}, entry);
    const edges = {
      tcp: await startEdge(pipeline.name, { ...pipeline.addresses, edgeOver: "tcp" }, {}),
      node: await start(() => appOn("edge", "node")),
      deno: await start(() => appOn("edge", "deno")),
      workerd: await start((port) => workerOn(worker.bundle, port)),
      instant: await start(instantEntry),
    };
    const targets = Object.entries(edges).map(([name, edge]) =>
      edgeTarget(name as keyof typeof edges, edge, [services.rest, services.redis]),
    );
    const rows = await besideOurs(services, pipeline, targets, { rounds, seconds }, (batch, results) =>
      rowsOf(batch, rounds, results),
    );
    await Promise.all(Object.values(edges).map((edge) => edge.stop()));
    return rows;
  } finally {
    worker.remove();
  }
};
