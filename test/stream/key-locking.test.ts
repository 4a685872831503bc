import { connectRedis, createLeases, createShardStream } from "@spillway/stream";
import { createRestTransport, createStreamTier } from "@spillway/stream/tier";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chunkOf, freshNames } from "../conformance/chunks.ts";
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

/** Redis itself refuses the flag of scripts that Upstash wants, whatever its version. */
test("what is taken for Upstash and does not know its flag takes events all the same, and gives them to a relay", async () => {
  const namespace = freshNamespace();
  const server = connectRedis({ url: services.redis.url, isHosted: true });
  await recordInstallation(server, namespace);
  const setup = { namespace, belonging: belongingTo(namespace), limits: limitsOf() };
  const another = connectRedis({ url: services.redis.url, isHosted: true });
  const transports = [
    createRestTransport({ url: services.rest.url, token: REST_TOKEN, isHosted: true }),
    another.transport,
  ];
  for (const transport of transports) {
    const tier = createStreamTier({ transport, ...setup });
    for (const _ of [1, 2])
      expect(await tier.append([chunkOf(0, freshNames(2))], DEADLINE_MS)).toMatchObject([{ kind: "ok" }]);
  }
  const stream = createShardStream({ redis: server, ...setup });
  expect(await createLeases({ redis: server, namespace }).take(0, "relay", 5_000)).toMatchObject({ shard: 0 });
  expect(await stream.counts(0)).toMatchObject({ accepted: 8 });
  expect(await stream.read(0, "0", 10, 0)).toHaveLength(4);
  for (const each of [server, another]) each.close();
  // It was asked, and said that it does not know it.
  expect(await services.admin.info("errorstats")).toContain("errorstat_ERR:count=");
});
