import { eventually } from "@spillway/backends/eventually";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";

/* What a client and a consumer see while nothing fails. */
let services: Services;
let pipeline: Pipeline;

beforeAll(async () => {
  services = await startServices();
  pipeline = await startPipeline(services, { topicSettings: { "max.message.bytes": "20000" } });
});
afterAll(async () => {
  await pipeline?.stop();
  await services?.stop();
});

const recordsOf = async (id: string) =>
  (await pipeline.read()).filter((record) => record.value.includes(JSON.stringify(id)));
const arrived = (id: string) => eventually(`${id} in the topic`, async () => (await recordsOf(id))[0]);

describe("an accepted event", () => {
  test("is in Kafka byte for byte, with the key and the headers that were promised", async () => {
    const text =
      '{"specversion":"1.0","id":"bytes-1", "source":"/s","type":"t","time":"2026-11-21T00:00:00Z","subject":"Ключ 1","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","tracestate":"rojo=1,congo=2","data":{"a":1e400,"b":9007199254740993,"a":-0.0,"s":"\\u0000\\ud800"}}';
    const before = Date.now();
    const response = await pipeline.post(text);
    expect([response.status, await response.json()]).toEqual([
      202,
      expect.objectContaining({ id: "bytes-1", status: "accepted", tier: "stream" }),
    ]);
    const record = await arrived("bytes-1");
    expect(record.value.toString()).toBe(text);
    expect(record.key).toBe("Ключ 1");
    expect(record.headers).toMatchObject({
      "content-type": "application/cloudevents+json; charset=UTF-8",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      tracestate: "rojo=1,congo=2",
      "spillway-entry": expect.stringMatching(/^\d+\/\d+-\d+\/\d+$/),
      "spillway-attempt": "1",
    });
    expect(record.timestampMs).toBeGreaterThanOrEqual(before - 1000);
    expect(record.timestampMs).toBeLessThanOrEqual(Date.now() + 1000);
  });

  test("posted twice is in Kafka once, and the second answer says so", async () => {
    const text = '{"id":"twice-1","source":"/s","type":"t"}';
    expect(await (await pipeline.post(text)).json()).toMatchObject({ status: "accepted" });
    expect(await (await pipeline.post(text)).json()).toMatchObject({ status: "duplicate" });
    await arrived("twice-1");
    await pipeline.post('{"id":"twice-2","source":"/s","type":"t"}');
    await arrived("twice-2");
    expect(await recordsOf("twice-1")).toHaveLength(1);
  });

  test("posted twenty times at once is in Kafka once", async () => {
    const text = '{"id":"at-once","source":"/s","type":"t","subject":"k"}';
    const answers = await Promise.all(Array.from({ length: 20 }, async () => (await pipeline.post(text)).json()));
    expect(answers.filter((answer) => (answer as { status: string }).status === "accepted")).toHaveLength(1);
    await pipeline.post('{"id":"after-at-once","source":"/s","type":"t","subject":"k"}');
    await arrived("after-at-once");
    expect(await recordsOf("at-once")).toHaveLength(1);
  });

  test("with the id of another source is another event", async () => {
    await pipeline.post('[{"id":"shared","source":"/a","type":"t"},{"id":"shared","source":"/b","type":"t"}]');
    await eventually("both", async () => (await recordsOf("shared")).length === 2);
  });
});

describe("a batch", () => {
  test("of good and bad events stores the good ones and names the bad ones", async () => {
    const response = await pipeline.post('[{"id":"mixed-0","type":"t"},{"id":"mixed-1"},{"id":"mixed-2","type":"t"}]', {
      "content-type": "application/cloudevents-batch+json",
    });
    expect(response.status).toBe(207);
    expect(await response.json()).toMatchObject({
      accepted: 2,
      invalid: 1,
      errors: [{ index: 1, id: "mixed-1", code: "missing_attribute", pointer: "/type", retryable: false }],
    });
    await arrived("mixed-0");
    await arrived("mixed-2");
  });

  test("keeps the order of each key", async () => {
    const events = Array.from({ length: 300 }, (_, i) => ({
      id: `order-${i}`,
      type: "t",
      subject: `k${i % 3}`,
      data: i,
    }));
    expect((await pipeline.post(JSON.stringify({ events }), undefined, "/v1/batch")).status).toBe(202);
    await eventually("all 300", async () => (await recordsOf("k0")).length + (await recordsOf("k1")).length === 200);
    for (const key of ["k0", "k1", "k2"]) {
      const data = (await recordsOf(key)).map((record) => JSON.parse(record.value.toString()).data as number);
      expect(data).toEqual([...data].sort((a, b) => a - b));
      expect(data).toHaveLength(100);
    }
  });
});

describe("a poison event", () => {
  test("larger than the broker allows becomes a dead letter with its error, and holds up no other", async () => {
    // Random, because the broker measures the batch after compression.
    const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(30_000))).toString("base64");
    const poison = JSON.stringify({ id: "poison", type: "t", subject: "same", data: noise });
    await pipeline.post(
      `[{"id":"before","type":"t","subject":"same"},${poison},{"id":"behind","type":"t","subject":"same"}]`,
    );
    await arrived("before");
    await arrived("behind");
    const [letter] = await eventually("a dead letter", async () => {
      const rows = await pipeline.sql`SELECT * FROM dead_letters`;
      return rows.length > 0 && rows;
    });
    expect(letter).toMatchObject({ code: "message_too_large", attempts: expect.any(Number) });
    expect(Buffer.from(letter?.bytes as Uint8Array).toString()).toContain('"id":"poison"');
    expect(await recordsOf("poison")).toHaveLength(0);
  });
});
