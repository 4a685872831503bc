import { expect, test } from "vitest";
import { readConfig } from "./config.ts";
import { defaultLimits } from "./limits.ts";

test("a token is enough; everything else has a default on loopback", () => {
  expect(readConfig({ TOKEN: "t" })).toEqual({
    host: "127.0.0.1",
    port: 8079,
    redisUrls: ["redis://127.0.0.1:6379"],
    token: "t",
    connections: 4,
    limits: defaultLimits,
  });
});

test("every setting can be given; several URLs are the nodes of a cluster", () => {
  const config = readConfig({
    TOKEN: "t",
    HOST: "::1",
    PORT: "0",
    REDIS_URL: "rediss://user:pass@a:6379/0, redis://b:6380",
    CONNECTIONS: "1",
    BODY_BYTES_MAX: "300000000",
    BODY_MS_MAX: "1",
    COMMANDS_MAX: "2",
    REPLY_MS_MAX: "3",
  });
  expect(config).toEqual({
    host: "::1",
    port: 0,
    redisUrls: ["rediss://user:pass@a:6379/0", "redis://b:6380"],
    token: "t",
    connections: 1,
    // Room for one request of the largest size.
    limits: { bodyBytesMax: 3e8, bodyMsMax: 1, commandsMax: 2, replyMsMax: 3, inflightBytesMax: 3e8 + 1024 },
  });
});

test.each([
  [{}, "TOKEN: got nothing; accepts 1 to 512 characters: letters, digits"],
  [{ TOKEN: "" }, "TOKEN: got nothing"],
  [{ TOKEN: "my secret" }, "TOKEN: got a value of 9 characters"],
  [{ TOKEN: "t".repeat(513) }, "TOKEN: got a value of 513 characters"],
  [{ TOKEN: "t", PORT: "65536" }, 'PORT: got "65536"; accepts an integer from 0 to 65535'],
  [{ TOKEN: "t", PORT: "80a" }, 'PORT: got "80a"'],
  [{ TOKEN: "t", BODY_BYTES_MAX: "1e6" }, 'BODY_BYTES_MAX: got "1e6"'],
  [{ TOKEN: "t", CONNECTIONS: "0" }, 'CONNECTIONS: got "0"'],
  [{ TOKEN: "t", BODY_BYTES_MAX: "10", INFLIGHT_BYTES_MAX: "1000" }, "accepts at least BODY_BYTES_MAX and 1024, 1034"],
  [{ TOKEN: "t", REDIS_URL: "http://:secret@x" }, 'REDIS_URL: got "http://***@x"'],
  [{ TOKEN: "t", REDIS_URL: "redis://a:1," }, "REDIS_URL: got"],
  [{ TOKEN: "t", REDIS_URL: "redis://:secret@a:port" }, 'REDIS_URL: got "redis://***@***"'],
])("%j is refused by name and without a secret", (env, text) => {
  expect(() => readConfig(env)).toThrow(text);
  expect(() => readConfig(env)).not.toThrow("secret");
});
