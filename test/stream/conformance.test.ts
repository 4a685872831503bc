import { afterAll, beforeAll } from "vitest";
import { leasesConformance } from "../conformance/leases.ts";
import { shardStreamConformance } from "../conformance/shard-stream.ts";
import { streamSightConformance } from "../conformance/sights.ts";
import { tierConformance } from "../conformance/tier.ts";
import { openFailing, wayNames } from "./faults.ts";
import { openStream, type StreamServices, startStreamServices } from "./services.ts";

let services: StreamServices;
beforeAll(async () => {
  services = await startStreamServices();
});
afterAll(() => services.stop());

const weaken = async (isWeak: boolean): Promise<void> =>
  void (await services.admin.config("SET", "maxmemory-policy", isWeak ? "allkeys-lru" : "noeviction"));

for (const over of wayNames)
  tierConformance(`Redis over ${over}`, { dropsDuplicates: true, canBeWeak: true }, async () => ({
    ...(await openFailing(services, over)),
    weaken,
  }));

shardStreamConformance("Redis", async (limits) => ({ ...(await openStream(services, limits)), weaken }));

streamSightConformance("Redis", async () => {
  const opened = await openStream(services);
  return { ...opened, find: opened.tier.find };
});

leasesConformance("Redis", async () => openStream(services));
