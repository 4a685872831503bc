import { createSessionTable, createUsers, isUserName } from "@spillway/operators";
import { describe, expect, test } from "vitest";
import { freshEach } from "../outbox/fresh-database.ts";

const fresh = freshEach();
const session = (idHash: string, name: string) => ({
  idHash,
  formToken: "token",
  user: { name, role: "operator" as const },
  endsAtMs: Date.now() + 60_000,
});

test("a user put again has another role and password; one that is disabled is none", async () => {
  const { put, find, disable, any } = createUsers(fresh);
  expect(await any()).toBe(false);
  await put({ name: "ann", role: "viewer" }, "hash");
  await put({ name: "ann", role: "operator" }, "other hash");
  expect(await find("ann")).toEqual({ name: "ann", role: "operator", passwordHash: "other hash" });
  expect([await any(), await find("bob")]).toEqual([true, null]);
  expect([await disable("ann"), await disable("ann")]).toEqual([true, false]);
  expect([await any(), await find("ann")]).toEqual([false, null]);
  await put({ name: "ann", role: "viewer" }, "hash");
  expect(await any()).toBe(true);
});

describe("a session", () => {
  test("has the role that its user has now, or that of the setting, and none without its user", async () => {
    const table = createSessionTable(fresh);
    const users = createUsers(fresh);
    await users.put({ name: "ann", role: "operator" }, "hash");
    await table.put(session("a", "ann"), false);
    await table.put(session("s", "operator"), true);
    await users.put({ name: "ann", role: "viewer" }, "hash");
    expect((await table.find("a"))?.user).toEqual({ name: "ann", role: "viewer" });
    await users.disable("ann");
    expect(await table.find("a")).toBeNull();
    expect((await table.find("s"))?.user).toEqual({ name: "operator", role: "operator" });
    expect(await table.find("x")).toBeNull();
  });

  test("that was ended is over and still known; a very old one is forgotten", async () => {
    const table = createSessionTable(fresh);
    await table.put(session("s", "operator"), true);
    await table.end("s");
    expect((await table.find("s"))?.endsAtMs).toBeLessThanOrEqual(Date.now() + 1_000);
    await fresh.admin`update sessions set created_at = now() - interval '91 days'`;
    await table.put(session("new", "operator"), true);
    expect(await table.find("s")).toBeNull();
  });
});

test.each([
  ["ann", true],
  ["ann.b+c@example.com", true],
  ["日本", true],
  ["", false],
  ["-ann", false],
  ["a b", false],
  ["a\u202eb", false],
  ["x".repeat(101), false],
])("%j is a name: %s", (name, expected) => {
  expect(isUserName(name)).toBe(expected);
});
