import { eventually } from "@spillway/backends/eventually";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createStackFolder, type StackFolder } from "./stack.ts";

/* What `npm start` runs, under turbo, with the real apps. */
let folder: StackFolder;
// Each starts everything, some twice; on two busy cores that is minutes.
vi.setConfig({ testTimeout: 300_000 });
beforeEach(() => {
  folder = createStackFolder();
});
afterEach(() => folder.discard());

const post = (body: string) => {
  const { EDGE_URL, API_KEY } = folder.devEnv();
  const headers = { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" };
  return fetch(`${EDGE_URL}/v1/events`, { method: "POST", headers, body });
};

test("one block with all that one needs, what arrives in Kafka, and nothing left after the end", async () => {
  const started = folder.run("start");
  await eventually(
    "the block",
    () => {
      if (started.child.exitCode !== null) throw new Error(started.output());
      return started.output().includes("Events arriving in Kafka:");
    },
    110_000,
  );
  const { EDGE_URL, API_KEY, DASHBOARD_URL, DASHBOARD_PASSWORD, KAFKA_PID } = folder.devEnv();
  for (const text of [`${EDGE_URL}/v1/events`, API_KEY, DASHBOARD_URL, DASHBOARD_PASSWORD, "curl -sS", "order.paid"]) {
    expect(started.output()).toContain(text);
  }

  expect((await post('{"type":"before.the.kill","subject":"k"}')).status).toBe(202);
  await eventually("the event in the tail", () => started.output().includes("before.the.kill"));
  process.kill(Number(KAFKA_PID), "SIGKILL");
  expect((await post('{"type":"after.the.kill","subject":"k"}')).status).toBe(202);
  await eventually("the tail to outlive the broker", () => started.output().includes("after.the.kill"));

  const second = folder.run("start");
  expect(await second.ended).toBe(0);
  expect(second.output()).toContain("Spillway already runs");
  expect(second.output()).toContain(API_KEY);

  started.child.kill("SIGINT");
  expect(await started.ended).toBe(0);
  await eventually("no process to be left", () => folder.processes().length === 0);
});

test("a start that is killed -9 takes everything with it", async () => {
  const started = folder.run("start");
  await eventually("every service and app", () => Boolean(folder.devEnv().RELAY_PID));
  started.child.kill("SIGKILL");
  await eventually("no process to be left", () => folder.processes().length === 0);
});
