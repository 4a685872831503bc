import { describe, expect, test } from "vitest";
import { createAppWorld } from "./app.fixture.ts";

const event = '{"type":"t"}';

describe("a message that contradicts HTTP is refused before its body is read", () => {
  test.each([
    [{ host: "a, b" }, 400, "malformed_request"],
    [{ "content-length": "12, 12" }, 400, "malformed_request"],
    [{ "content-length": "-1" }, 400, "malformed_request"],
    [{ "content-length": "0x5" }, 400, "malformed_request"],
    [{ "content-length": "" }, 400, "malformed_request"],
    [{ "content-length": "9".repeat(30) }, 400, "malformed_request"],
    [{ trailer: "x-checksum" }, 400, "unsupported_trailers"],
    [{ expect: "100-Continue" }, 417, "unsupported_expectation"],
    [{ expect: "junk" }, 417, "unsupported_expectation"],
    [{ expect: "100-continue" }, 202, undefined],
    [{ host: "x/livez" }, 400, "malformed_request"],
    [{ host: "u:p@h" }, 400, "malformed_request"],
    [{ host: "[::1" }, 400, "malformed_request"],
    [{ host: "edge:8787" }, 202, undefined],
    [{ host: "a,b" }, 202, undefined],
    [{ host: "[::1]:8787" }, 202, undefined],
  ])("%j is %i %s", async (headers, status, code) => {
    const app = await createAppWorld();
    const response = await app.post(event, headers);
    expect([response.status, ((await response.json()) as { code?: string }).code]).toEqual([status, code]);
    const stored = [0, 1, 2, 3].reduce((sum, shard) => sum + app.world.streams.counts(shard).accepted, 0);
    expect(stored).toBe(status === 202 ? 1 : 0);
  });

  test("two Host headers on any path, and the key is asked first where there is one", async () => {
    const app = await createAppWorld();
    expect((await app.get("/livez", { headers: { host: "a, b" } })).status).toBe(400);
    expect((await app.post(event, { authorization: "", expect: "junk" })).status).toBe(401);
  });
});

test("a request whose connection has ended behind its body is not stored", async () => {
  const app = await createAppWorld();
  const ended = new AbortController();
  ended.abort();
  const headers = { authorization: "Bearer key-of-the-tests", "content-type": "application/json" };
  const init = { method: "POST", body: event, headers, signal: ended.signal };
  expect((await app.get("/v1/events", init)).status).toBe(400);
  expect([0, 1, 2, 3].map((shard) => app.world.streams.counts(shard).accepted)).toEqual([0, 0, 0, 0]);
});

test("the answer to a body without a length ends the connection: a late trailer would get a second one", async () => {
  const app = await createAppWorld();
  const connectionOf = async (headers: Readonly<Record<string, string>>) =>
    (await app.post(event, headers)).headers.get("connection");
  expect(await connectionOf({ "transfer-encoding": "chunked" })).toBe("close");
  expect(await connectionOf({})).toBe(null);
});
