import { eventually } from "@spillway/backends/eventually";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Services, startPipeline, startServices } from "../support/world.ts";

let services: Services;
beforeAll(async () => {
  services = await startServices();
});
afterAll(() => services.stop());

const LIMIT_BYTES = 8 * 1024 * 1024;

test("a relay that starts beside a Redis that other data has filled relays what is pending there, which makes room", async () => {
  const pipeline = await startPipeline(services);
  const admin = new Redis(services.redis.url, { protocol: 2 });
  const [relay] = pipeline.relays;
  const post = async (id: string): Promise<string> => {
    const answer = await pipeline.post(JSON.stringify({ id, type: "t", subject: "s" }));
    return `${answer.status} ${((await answer.json()) as { tier?: string }).tier}`;
  };
  const idsInKafka = async () => (await pipeline.read()).map(({ value }) => JSON.parse(String(value)).id);
  await relay?.kill("SIGKILL");
  for (const id of ["a", "b", "c"]) expect(await post(id)).toBe("202 stream");
  // Alone more than what it may have, so that nothing of ours makes it less than full.
  await admin.set("of-somebody-else", "x".repeat(LIMIT_BYTES));
  await admin.config("SET", "maxmemory", String(LIMIT_BYTES));
  try {
    expect(await post("d")).toBe("202 outbox");
    await relay?.restart();
    await eventually("what was pending is in Kafka", async () => (await idsInKafka()).length >= 3);
    expect((await idsInKafka()).slice(0, 3)).toEqual(["a", "b", "c"]);
    await expect(admin.set("more", "x")).rejects.toThrow("OOM");
  } finally {
    await admin.config("SET", "maxmemory", "0");
    await admin.del("of-somebody-else");
  }
  await eventually("the fourth is in Kafka, too", async () => (await idsInKafka()).length === 4);
  admin.disconnect();
  await pipeline.stop();
});
