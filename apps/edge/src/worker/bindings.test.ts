import { platform } from "@spillway/event/platform-node";
import { expect, test } from "vitest";
import { type Bindings, readBindings } from "./bindings.ts";

const bindings: Bindings = {
  EDGE: { getByName: () => ({ fetch: async () => new Response(null) }) },
  API_KEYS: "shop:sixteen-characters-or-more",
  UPSTASH_REDIS_REST_URL: "https://redis.example",
  UPSTASH_REDIS_REST_TOKEN: "t",
  DATABASE_URL: "postgres://u:secret@db.example/spillway",
  // workerd gives null for a variable that is not set.
  NAMESPACE: null,
};

test("are settings, of which those that are no text are absent", () => {
  expect(readBindings(bindings, platform, () => undefined)).toMatchObject({
    config: { NAMESPACE: "spillway" },
    objects: 1,
  });
});

test("that are wrong are told to the log, without a secret, and nothing is served", () => {
  const said: unknown[] = [];
  const read = () =>
    readBindings(
      { ...bindings, API_KEYS: "", ENVIRONMENT: "development" },
      platform,
      (...line) => void said.push(line),
    );
  expect(read).toThrow("API_KEYS: got nothing");
  expect(said).toEqual([["error", "config.refused", { reason: expect.stringContaining("API_KEYS: got nothing") }]]);
  expect(JSON.stringify(said)).not.toContain("secret");
});
