import { afterAll, beforeAll } from "vitest";
import { leasesConformance } from "../conformance/leases.ts";
import { shardStreamConformance } from "../conformance/shard-stream.ts";
import { tierConformance } from "../conformance/tier.ts";
import { openStream, type StreamServices, startStreamServices } from "./services.ts";

let services: StreamServices;
beforeAll(async () => {
  services = await startStreamServices();
});
afterAll(() => services.stop());

const weaken = async (isWeak: boolean): Promise<void> =>
  void (await services.admin.config("SET", "maxmemory-policy", isWeak ? "allkeys-lru" : "noeviction"));

tierConformance("Redis", { dropsDuplicates: true, canBeWeak: true }, async () => {
  const { tier, stream, close } = await openStream(services);
  return { tier, stored: (shard) => stream.read(shard, "0", 10_000, 0), weaken, close };
});

shardStreamConformance("Redis", async (limits) => ({ ...(await openStream(services, limits)), weaken }));

leasesConformance("Redis", async () => openStream(services));
