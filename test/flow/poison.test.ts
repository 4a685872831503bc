import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "@spillway/backends/eventually";
import { shardOf } from "@spillway/event";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forgedChunks } from "../support/forged-chunks.ts";
import { type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";

/* What a hand, a writer of another version or a disk puts into a stream or the outbox: it is buried, and all else goes on. */
const SHARDS = 4;
const KEY = "k1";
const SHARD = shardOf(KEY, SHARDS);

let services: Services;
let redis: Redis;
beforeAll(async () => {
  services = await startServices();
  redis = new Redis(services.redis.url, { protocol: 2 });
});
afterAll(async () => {
  redis?.disconnect();
  await services?.stop();
});

const withPipeline = async (use: (pipeline: Pipeline, key: string) => Promise<void>) => {
  const pipeline = await startPipeline(services, { partitions: 1 });
  try {
    await use(pipeline, `{${pipeline.name}:${SHARD}}:stream`);
  } finally {
    await pipeline.stop();
  }
};

const eventOf = (id: string) => ({ specversion: "1.0", id, source: "/s", type: "t", subject: KEY });
const post = async (pipeline: Pipeline, ...ids: readonly string[]) => {
  const headers = { "content-type": "application/cloudevents-batch+json" };
  expect((await pipeline.post(JSON.stringify(ids.map(eventOf)), headers)).status).toBe(202);
};
const idsIn = async (pipeline: Pipeline) => (await pipeline.read()).map(({ value }) => JSON.parse(String(value)).id);
const arrival = (pipeline: Pipeline, id: string) =>
  eventually(`${id} in the topic`, async () => (await idsIn(pipeline)).includes(id), 60_000);
const lettersOf = (pipeline: Pipeline) =>
  pipeline.sql<{ index: number; class: string; code: string; entry: string }[]>`
    select index, class, code, entry from dead_letters order by id`;
const settled = (key: string) =>
  eventually("an empty stream", async () => (await redis.xlen(key)) === 0, 30_000).then(async () => {
    const [accepted, relayed, dead, bytes] = await redis.hmget(
      key.replace(":stream", ":count"),
      "accepted",
      "relayed",
      "dead",
      "bytes",
    );
    return { accepted: Number(accepted), relayed: Number(relayed), dead: Number(dead), bytes: Number(bytes) };
  });

/** One bit of the only entry whose field `n` begins with `1:0`, in the file that a killed Redis left. */
const flipOnDisk = async (pipeline: Pipeline, to: string): Promise<void> => {
  const [, dir = ""] = (await redis.config("GET", "dir")) as string[];
  await services.redis.kill("SIGKILL");
  const folder = join(dir, "appendonlydir");
  const file = join(folder, (await readdir(folder)).find((name) => name.endsWith(".incr.aof")) ?? "");
  const bytes = await readFile(file);
  const entry = bytes.lastIndexOf(`{${pipeline.name}:${SHARD}}:stream\r\n`);
  const at = bytes.indexOf("\r\n1:0:", entry) + 2;
  expect([entry > 0, bytes.subarray(at, at + 3).toString()]).toEqual([true, "1:0"]);
  await writeFile(file, Buffer.concat([bytes.subarray(0, at), Buffer.from(to), bytes.subarray(at + 3)]));
  await services.redis.restart();
};

test("entries and rows by hand, of every wrong type, are each one dead letter; one relay relays all else in order", async () => {
  await withPipeline(async (pipeline, key) => {
    const chunks = forgedChunks();
    await post(pipeline, "before");
    for (const [i, chunk] of chunks.entries()) {
      const c = chunk.toString("base64");
      await redis.xadd(key, "*", "c", c, "n", "1:", "d", "1:1:");
      await post(pipeline, `e${i}`);
      await redis.xadd(key, "*", "c", c);
      await redis.xadd(key, "*", "c", "not \u0000 base64", "n", "99999999999");
    }
    for (const chunk of chunks)
      await pipeline.sql`insert into outbox (shard, chunk, events, bytes) values (${SHARD}, ${chunk}, 1, ${chunk.length})`;
    await arrival(pipeline, `e${chunks.length - 1}`);
    await eventually("an empty outbox", async () => (await pipeline.sql`select from outbox`).length === 0, 60_000);
    await post(pipeline, "after");
    await arrival(pipeline, "after");

    expect(await idsIn(pipeline)).toEqual(["before", ...chunks.map((_, i) => `e${i}`), "after"]);
    const letters = await lettersOf(pipeline);
    expect(letters).toHaveLength(4 * chunks.length);
    for (const letter of letters) expect(letter).toMatchObject({ index: -1, class: "undecodable" });
    const { accepted, relayed, dead, bytes } = await settled(key);
    expect({ accepted, settled: relayed + dead, bytes }).toEqual({ accepted: 14, settled: 14, bytes: 0 });
    const ready = await fetch(`${pipeline.relays[0]?.url}/readyz`);
    expect([ready.status, (await ready.json()).status]).toEqual([200, "up"]);
  });
}, 180_000);

test.each([
  ["which event is a duplicate", "1:1"],
  ["the number of its events", "9:0"],
])(
  "a bit flipped on Redis's disk in %s buries the entry: nothing is taken for relayed, and no count is spoilt",
  async (_, to) => {
    await withPipeline(async (pipeline, key) => {
      await post(pipeline, "e0");
      await arrival(pipeline, "e0");
      await settled(key);
      await pipeline.relays[0]?.kill("SIGKILL");
      await post(pipeline, "e0", "e1");
      await flipOnDisk(pipeline, to);
      await pipeline.relays[0]?.restart();
      await post(pipeline, "e2");
      await arrival(pipeline, "e2");
      expect(await idsIn(pipeline)).toEqual(["e0", "e2"]);
      expect(await lettersOf(pipeline)).toMatchObject([{ index: -1, class: "undecodable", code: "damaged_metadata" }]);
      expect(await settled(key)).toEqual({ accepted: 3, relayed: 2, dead: 1, bytes: 0 });
    });
  },
  120_000,
);
