import { systemClock } from "@spillway/event";
import { expect, test } from "vitest";
import { type Checks, createHealth } from "./health.ts";

const checks = (redis: "up" | "down", postgres: "up" | "down"): Checks => ({
  redis: { status: redis },
  postgres: { status: postgres },
});

test.each([
  ["up", "up", "up"],
  ["down", "up", "degraded"],
  ["up", "down", "degraded"],
  ["down", "down", "degraded"],
] as const)("with Redis %s and Postgres %s it is %s, until it stops", async (redis, postgres, status) => {
  let asked = 0;
  const health = createHealth(systemClock, async () => {
    asked++;
    return checks(redis, postgres);
  });
  expect(await health.readiness()).toEqual({ status, checks: checks(redis, postgres) });
  health.stop();
  expect((await health.readiness()).status).toBe("stopping");
  expect(asked).toBe(1);
});
