import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode, encode } from "@msgpack/msgpack";
import { eventually } from "@spillway/backends/eventually";
import { CloudEvent, emitterFor, Kafka, type KafkaMessage, type Message, Mode } from "cloudevents";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KEY, type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";

/* The official SDK as the client in every mode, and as the consumer of what the relay wrote: it knows nothing of us. */
let services: Services;
let pipeline: Pipeline;
beforeAll(async () => {
  services = await startServices();
  pipeline = await startPipeline(services);
});
afterAll(async () => {
  await pipeline?.stop();
  await services?.stop();
});

const ORDER = { total: 12.5, text: "two lines\n, \u00e9, \u{1d11e}", nested: { empty: null, list: [1, "2", false] } };
const eventsOf = (mode: string): readonly CloudEvent<unknown>[] => [
  new CloudEvent({ id: `${mode}-json`, type: "sdk.order", source: "/sdk", subject: "order-17", data: ORDER }),
  new CloudEvent({
    id: `${mode}-key`,
    type: "sdk.order",
    source: "urn:sdk:1",
    partitionkey: "k",
    tenant: "eu",
    data: { n: 1 },
  }),
  new CloudEvent({
    id: `${mode}-text`,
    type: "sdk.text",
    source: "/sdk",
    datacontenttype: "text/plain",
    data: "some text",
  }),
  new CloudEvent({ id: `${mode}-none`, type: "sdk.empty", source: "/sdk" }),
];

const post = async ({ headers, body }: Message): Promise<string> => {
  const sent = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  const response = await pipeline.post(body as BodyInit, Object.fromEntries(sent));
  return `${response.status} ${await response.text()}`;
};

/** What the SDK's Kafka binding makes of each record, by id. */
const received = async (ids: readonly string[]): Promise<ReadonlyMap<string, CloudEvent<unknown>>> => {
  const read = async () => {
    const records = await pipeline.read();
    const messages = records.map(({ key, value, headers }) => ({ key, value, headers }) as unknown as KafkaMessage);
    const events = messages.map((message) => Kafka.toEvent(message) as CloudEvent<unknown>);
    const byId = new Map(events.map((event) => [event.id, event]));
    return ids.every((id) => byId.has(id)) ? byId : null;
  };
  return eventually(`${ids} in Kafka`, read);
};

/** Text that came as a body is bytes to us, which JSON has in base64. */
const dataOf = ({ data }: CloudEvent<unknown>) => (data instanceof Uint8Array ? Buffer.from(data).toString() : data);

/** The SDK gives each event the record's key as its partition key, which here is the subject too. */
const contentOf = (event: CloudEvent<unknown>) => {
  const { id, type, source, subject, time, tenant } = event;
  return { id, type, source, subject, time, tenant, data: dataOf(event) };
};

test.each([Mode.BINARY, Mode.STRUCTURED])(
  "the SDK sends in %s mode, and reads the same events from Kafka",
  async (mode) => {
    const emit = emitterFor(post, { mode });
    const events = eventsOf(mode);
    for (const event of events) expect(await emit(event)).toMatch(/^202 .*"status":"accepted"/);
    const there = await received(events.map(({ id }) => id));
    for (const event of events) expect(contentOf(there.get(event.id) as CloudEvent<unknown>)).toEqual(contentOf(event));
  },
);

test("and in batch mode, of which it has no emitter: as its own JSON in an array", async () => {
  const events = eventsOf("batch");
  const headers = { "content-type": "application/cloudevents-batch+json" };
  expect(await post({ headers, body: JSON.stringify(events) })).toMatch(/^202 \{"accepted":4/);
  const there = await received(events.map(({ id }) => id));
  for (const event of events) expect(contentOf(there.get(event.id) as CloudEvent<unknown>)).toEqual(contentOf(event));
});

test("the README's MessagePack goes through byte for byte, and is MessagePack for the consumer", async () => {
  const packed = encode({ total: 12.5, at: new Date(0), raw: Uint8Array.of(0, 255, 0x7f), big: 2 ** 40 });
  const folder = mkdtempSync(join(tmpdir(), "spillway-msgpack-"));
  writeFileSync(join(folder, "order.msgpack"), packed);
  const readme = readFileSync(new URL("../../apps/edge/README.md", import.meta.url), "utf8");
  const [, example = ""] = /### Binary data[\s\S]*?```sh\n([\s\S]*?)```/.exec(readme) ?? [];
  const env = { ...process.env, EDGE_URL: pipeline.edges[0]?.url.replace(/\/$/, ""), API_KEY: KEY };
  const { stdout, stderr } = spawnSync("bash", ["-ec", example], { cwd: folder, env, encoding: "utf8" });
  rmSync(folder, { recursive: true });
  expect(stderr).toBe("");
  const ids = [...stdout.matchAll(/"id":"([^"]+)","status":"accepted"/g)].map(([, id]) => id ?? "");
  expect(ids).toEqual(["order-17", "order-18"]);
  const there = await received(ids);
  for (const id of ids) {
    const { datacontenttype, data_base64: base64 } = there.get(id) as CloudEvent<unknown>;
    expect(datacontenttype).toBe("application/msgpack");
    const bytes = Buffer.from(base64 ?? "", "base64");
    expect(Buffer.compare(bytes, packed)).toBe(0);
    expect(decode(Uint8Array.from(bytes))).toEqual(decode(packed));
  }
});
