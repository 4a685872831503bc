import { afterAll, beforeAll } from "vitest";
import { failingServerConformance, failingTierConformance } from "../conformance/failing-tier.ts";
import { openFailing, wayNames } from "./faults.ts";
import { type StreamServices, startStreamServices } from "./services.ts";

let services: StreamServices;
beforeAll(async () => {
  services = await startStreamServices();
});
afterAll(() => services.stop());

for (const over of wayNames) {
  failingTierConformance(`Redis over ${over}`, (limits) => openFailing(services, over, limits));
  failingServerConformance(`Redis over ${over}`, () => openFailing(services, over));
}
