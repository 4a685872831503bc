import { providePrometheus, runCommand } from "@spillway/backends";
import type { Metrics } from "@spillway/telemetry";
import { createPrometheusMetrics } from "@spillway/telemetry/prometheus";
import { expect, test } from "vitest";
import { appNames, apps } from "./apps.ts";

const TYPES = 50_000;

const seriesOf = async (metrics: Metrics): Promise<string[]> => {
  const { text } = await metrics.expose();
  const lines = text.split("\n").filter((line) => line.startsWith("spillway_"));
  return lines.map((line) => line.slice(0, line.lastIndexOf(" "))).toSorted();
};

test("50,000 types, ids and subjects make no series at the edge: one of them makes as many", async () => {
  const metrics = createPrometheusMetrics("edge");
  const { post } = await apps.edge(metrics);
  const send = (from: number, count: number) =>
    post(
      JSON.stringify(
        Array.from({ length: count }, (_, i) => ({
          type: `t${from + i}`,
          id: `i${from + i}`,
          subject: `s${from + i}`,
        })),
      ),
      {},
      "/v1/batch",
    );
  expect((await send(0, 1_000)).status).toBe(202);
  const before = await seriesOf(metrics);
  for (let from = 1_000; from < TYPES; from += 1_000) expect((await send(from, 1_000)).status).toBe(202);
  expect(await seriesOf(metrics)).toEqual(before);
});

test("nor at the relay: its labels are topics, partitions and shards of the settings", async () => {
  const metrics = createPrometheusMetrics("relay");
  const stage = await apps.relay(metrics);
  const ids: string[] = [];
  const send = async (type: string) => {
    ids.push(type);
    await stage.post([type], type, type);
  };
  for (let i = 0; i < 100; i++) await send(`t${i}`);
  await stage.until(() => stage.ids().length === ids.length);
  await stage.clock.advance(6_000);
  const before = await seriesOf(metrics);
  for (let i = 100; i < 2_100; i++) await send(`t${i}`);
  await stage.until(() => stage.ids().length === ids.length);
  await stage.clock.advance(6_000);
  expect(await seriesOf(metrics)).toEqual(before);
});

test.each(appNames)("promtool has nothing to say about the metrics of the %s", async (app) => {
  const metrics = createPrometheusMetrics(app);
  const world = await apps[app](metrics);
  if (world && "post" in world && "start" in world) await world.clock.advance(6_000);
  const { text } = await metrics.expose();
  const { promtool } = await providePrometheus();
  expect(await runCommand(promtool, ["check", "metrics"], { input: text })).toEqual({ code: 0, output: "" });
});
