import { eventually } from "@spillway/backends/eventually";
import { createRedisRest } from "@spillway/redis-rest";
import { connectRedis } from "@spillway/stream";
import { createRestTransport, createStreamTier, type Transport } from "@spillway/stream/tier";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { chunkOf, freshNames } from "../conformance/chunks.ts";
import { wayNames, ways } from "./faults.ts";
import {
  belongingTo,
  freshNamespace,
  limitsOf,
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

/** The REST server of a test. */
const openRest = async (redisUrl: string) => {
  const rest = await createRedisRest({ redisUrls: [redisUrl], token: REST_TOKEN });
  onTestFinished(() => rest.stop());
  return rest;
};

/** The same, on a Redis that a relay has been at. */
const recorded = async (changes: Partial<Options> = {}) => {
  const namespace = freshNamespace();
  const server = connectRedis({ url: services.redis.url });
  await recordInstallation(server, namespace);
  server.close();
  return options({ namespace, belonging: belongingTo(namespace), ...changes });
};

describe("the tier over HTTP", () => {
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
});

describe.each(wayNames)("its health over %s", (over) => {
  const open = async (url = services.redis.url) => {
    const way = ways[over]({ redis: { url }, rest: await openRest(url) });
    onTestFinished(() => way.close());
    return createStreamTier(await recorded({ transport: way.transport }));
  };

  test.each([
    ["maxmemory-policy", "allkeys-lru", "noeviction"],
    ["appendonly", "no", "yes"],
    ["appendfsync", "everysec", "always"],
    ["no-appendfsync-on-rewrite", "yes", "no"],
  ] as const)("names %s %s as a broken promise", async (name, bad, good) => {
    const tier = await open();
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
    const tier = await open();
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
    try {
      const tier = await open(`redis://edge:secret@${new URL(services.redis.url).host}`);
      expect(await tier.health(DEADLINE_MS)).toEqual({
        status: "up",
        warnings: [],
        promise: {
          state: "unknown",
          because: ["maxmemory-policy", "appendonly", "appendfsync", "no-appendfsync-on-rewrite"],
        },
      });
    } finally {
      await services.admin.call("ACL", "DELUSER", "edge");
    }
  });
});
