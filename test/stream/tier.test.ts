import { eventually } from "@spillway/backends/eventually";
import { createRedisRest } from "@spillway/redis-rest";
import { connectRedis } from "@spillway/stream";
import { createRestTransport, createStreamTier, type Transport } from "@spillway/stream/tier";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chunkOf, freshNames } from "../conformance/chunks.ts";
import {
  belongingTo,
  freshNamespace,
  limitsOf,
  openStream,
  REST_TOKEN,
  recordInstallation,
  type StreamServices,
  startStreamServices,
} from "./services.ts";

const DEADLINE_MS = 30_000;

let services: StreamServices;
beforeAll(async () => {
  services = await startStreamServices();
});
afterAll(() => services.stop());

type Options = Parameters<typeof createStreamTier>[0];

const rest = (changes: { readonly url?: string; readonly token?: string } = {}): Transport =>
  createRestTransport({ url: services.rest.url, token: REST_TOKEN, ...changes });

const options = (changes: Partial<Options> = {}) => ({
  transport: rest(),
  namespace: freshNamespace(),
  belonging: belongingTo("x"),
  limits: limitsOf(),
  ...changes,
});

/** The same, on a Redis that a relay has been at. */
const recorded = async (changes: Partial<Options> = {}) => {
  const namespace = freshNamespace();
  const server = connectRedis({ url: services.redis.url });
  await recordInstallation(server, namespace);
  server.close();
  return options({ namespace, belonging: belongingTo(namespace), ...changes });
};

describe("the tier over HTTP", () => {
  test("goes on when the server has lost its scripts", async () => {
    const { tier, close } = await openStream(services);
    const append = () => tier.append([chunkOf(0, freshNames(1)), chunkOf(1, freshNames(2))], DEADLINE_MS);
    for (let i = 0; i < 3; i++) {
      await services.admin.script("FLUSH");
      expect((await append()).map(({ kind }) => kind)).toEqual(["ok", "ok"]);
    }
    await close();
  });

  test("tells a wrong token from a server that is not there", async () => {
    const wrong = createStreamTier(options({ transport: rest({ token: "wrong" }) }));
    const chunks = [chunkOf(0, freshNames(1))];
    expect(await wrong.append(chunks, DEADLINE_MS)).toEqual([{ kind: "retriable", code: "unauthorized" }]);
    expect(await wrong.health(DEADLINE_MS)).toMatchObject({ status: "down", code: "unauthorized" });
    const nowhere = createStreamTier(options({ transport: rest({ url: "http://127.0.0.1:1" }) }));
    expect(await nowhere.append(chunks, DEADLINE_MS)).toEqual([{ kind: "retriable", code: "unreachable" }]);
    expect(await nowhere.health(DEADLINE_MS)).toMatchObject({ status: "down", code: "unreachable" });
  });

  test("says so when a request is larger than the server takes", async () => {
    const other = await createRedisRest({
      redisUrls: [services.redis.url],
      token: REST_TOKEN,
      limits: { bodyBytesMax: 10_000 },
    });
    const tier = createStreamTier(await recorded({ transport: rest({ url: other.url }) }));
    const append = (bytes: number) => tier.append([chunkOf(0, freshNames(1), new Uint8Array(bytes))], DEADLINE_MS);
    expect(await append(20_000)).toEqual([{ kind: "retriable", code: "request_too_large" }]);
    expect(await append(1000)).toMatchObject([{ kind: "ok" }]);
    await other.stop();
  });

  test("refuses options that no server could serve", () => {
    for (const url of ["", "redis://127.0.0.1", "127.0.0.1", "http://"]) {
      expect(() => rest({ url }), url).toThrow(TypeError);
    }
    expect(() => rest({ token: "" })).toThrow(TypeError);
    expect(() => createStreamTier(options({ namespace: "a}b" }))).toThrow(TypeError);
    for (const bad of [0, -1, 1.5, Number.NaN]) {
      expect(() => createStreamTier(options({ limits: limitsOf({ backlogEventsMax: bad }) }))).toThrow(TypeError);
    }
  });

  test("answers for a full Redis, and for one that is full no more", async () => {
    const { tier, close } = await openStream(services);
    const append = () => tier.append([chunkOf(0, freshNames(1))], DEADLINE_MS);
    await services.admin.config("SET", "maxmemory", "1");
    try {
      expect(await append()).toEqual([{ kind: "retriable", code: "oom" }]);
      expect(await tier.health(DEADLINE_MS)).toMatchObject({ status: "down", code: "oom" });
    } finally {
      await services.admin.config("SET", "maxmemory", "0");
    }
    expect(await append()).toMatchObject([{ kind: "ok" }]);
    expect(await tier.health(DEADLINE_MS)).toMatchObject({ status: "up" });
    await close();
  });

  test("keeps an error of one shard from the others", async () => {
    const { tier, stream, namespace, close } = await openStream(services);
    await services.admin.rpush(`{${namespace}:1}:stream`, "of another type");
    const chunks = [0, 1, 2].map((shard) => chunkOf(shard, freshNames(2)));
    expect(await tier.append(chunks, DEADLINE_MS)).toMatchObject([
      { kind: "ok" },
      { kind: "retriable", code: "wrong_type" },
      { kind: "ok" },
    ]);
    for (const shard of [0, 2]) expect(await stream.read(shard, "0", 10, 0)).toHaveLength(1);
    await close();
  });

  test("does not know what became of a write when Redis is frozen, and may repeat it", async () => {
    const { tier, stream, close } = await openStream(services);
    await tier.append([chunkOf(0, freshNames(1))], DEADLINE_MS);
    const chunk = chunkOf(0, freshNames(2));
    await services.redis.kill("SIGSTOP");
    expect(await tier.append([chunk], 100)).toEqual([{ kind: "retriable", code: "timeout" }]);
    await services.redis.kill("SIGCONT");
    await eventually(
      "the repeated chunk is answered",
      async () => (await tier.append([chunk], 1000))[0]?.kind === "ok",
    );
    expect(await stream.read(0, "0", 10, 0)).toHaveLength(2);
    await close();
  });

  test("has on disk what it said ok to when Redis is killed, and goes on when it is back", async () => {
    const { tier, stream, server, close } = await openStream(services);
    const sent: string[] = [];
    let isKilled = false;
    const load = (async () => {
      while (!isKilled) {
        const chunk = chunkOf(0, freshNames(1));
        const [answer] = await tier.append([chunk], 1000);
        if (answer?.kind === "ok") sent.push(Buffer.from(chunk.chunk).toString());
      }
    })();
    await eventually("appends are under way", () => sent.length > 50);
    await services.redis.kill("SIGKILL");
    isKilled = true;
    await load;
    await services.redis.restart();
    await eventually(
      "it appends again",
      async () => (await tier.append([chunkOf(1, freshNames(1))], 1000))[0]?.kind === "ok",
    );
    const kept = (await stream.read(0, "0", 100_000, 0)).map(({ chunk }) => Buffer.from(chunk).toString());
    expect(kept.filter((text) => sent.includes(text))).toEqual(sent);
    server.close();
    await close();
  });
});

describe("its health", () => {
  test.each([
    ["maxmemory-policy", "allkeys-lru", "noeviction"],
    ["appendonly", "no", "yes"],
    ["appendfsync", "everysec", "always"],
    ["no-appendfsync-on-rewrite", "yes", "no"],
  ] as const)("names %s %s as a broken promise", async (name, bad, good) => {
    const tier = createStreamTier(await recorded());
    expect(await tier.health(DEADLINE_MS)).toEqual({ status: "up", warnings: [], promise: { state: "kept" } });
    await services.admin.config("SET", name, bad);
    try {
      const { status, warnings, promise } = await tier.health(DEADLINE_MS);
      expect({ status, promise }).toEqual({ status: "up", promise: { state: "broken", because: [name] } });
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain(`${name} is ${bad}, not ${good}`);
    } finally {
      await services.admin.config("SET", name, good);
    }
    await eventually("it is kept", async () => (await tier.health(DEADLINE_MS)).promise?.state === "kept");
  });

  test("does not keep it again before the rewrite that the AOF begins with has ended", async () => {
    const tier = createStreamTier(options());
    const state = async () => (await tier.health(DEADLINE_MS)).promise?.state;
    await services.admin.config("SET", "appendonly", "no");
    await services.admin.config("SET", "rdb-key-save-delay", "200000");
    await services.admin.mset(...Array.from({ length: 20 }, (_, n) => [`rewritten-${n}`, "x"]).flat());
    try {
      expect(await state()).toBe("broken");
      await services.admin.config("SET", "appendonly", "yes");
      expect(await state()).toBe("mending");
    } finally {
      await services.admin.config("SET", "rdb-key-save-delay", "0");
    }
    await eventually("the rewrite has ended", async () => (await state()) === "kept", 30_000);
  });

  test("knows nothing of settings where CONFIG is forbidden, and warns of nothing", async () => {
    await services.admin.call("ACL", "SETUSER", "edge", "on", ">secret", "~*", "+@all", "-config");
    const url = new URL(services.redis.url);
    const other = await createRedisRest({ redisUrls: [`redis://edge:secret@${url.host}`], token: REST_TOKEN });
    const tier = createStreamTier(await recorded({ transport: rest({ url: other.url }) }));
    const health = await tier.health(DEADLINE_MS);
    expect(health).toEqual({
      status: "up",
      warnings: [],
      promise: {
        state: "unknown",
        because: ["maxmemory-policy", "appendonly", "appendfsync", "no-appendfsync-on-rewrite"],
      },
    });
    await other.stop();
    await services.admin.call("ACL", "DELUSER", "edge");
  });
});
