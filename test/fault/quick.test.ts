import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Services, startServices } from "../support/world.ts";
import { runScenario } from "./harness.ts";
import { scenarios } from "./scenarios/index.ts";

/* The most telling scenarios; `npm run faults` runs them all. */
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.info(`quick.test.ts SEED=${seed}`);

let services: Services;
beforeAll(async () => {
  services = await startServices();
});
afterAll(async () => {
  await services?.stop();
});

describe("under this fault nothing is lost, changed, invented or reordered", () => {
  test.each(
    scenarios.filter((scenario) => scenario.quick).map((scenario) => [scenario.id, scenario.fault, scenario] as const),
  )(
    "%s: %s",
    async (_id, _fault, scenario) => {
      const result = await runScenario(services, scenario, seed);
      expect(result.failures).toEqual([]);
    },
    300_000,
  );
});
