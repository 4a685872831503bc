import { platform } from "@spillway/event/platform-node";
import { describe, expect, test } from "vitest";
import { createKeyRing } from "./api-key.ts";
import { parseApiKeys } from "./api-keys-setting.ts";

const KEY = "the-first-key-of-the-tests";
const OTHER = "the-other-key-of-the-tests";
const hex = (key: string) =>
  [...platform.sha256(new TextEncoder().encode(key))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const keysOf = (setting: string) => {
  const parsed = parseApiKeys(setting, true, platform);
  if (parsed.kind !== "ok") throw new Error(parsed.reason);
  return parsed.keys;
};
const ring = createKeyRing(keysOf(`shop:${KEY},till:sha256:${hex(OTHER)}`), platform);

describe("an Authorization header", () => {
  test.each([
    [`Bearer ${KEY}`, "shop"],
    [`bearer ${KEY}`, "shop"],
    [`Bearer   ${KEY}`, "shop"],
    [`Bearer ${OTHER}`, "till"],
    [null, null],
    ["", null],
    ["Bearer", null],
    ["Bearer ", null],
    ["Bearer  ", null],
    [`Basic ${KEY}`, null],
    [KEY, null],
    [`Bearer ${KEY}, Bearer ${KEY}`, null],
    [`Bearer ${KEY} `, null],
    [`Bearer ${KEY}x`, null],
    [`Bearer ${KEY.slice(0, -1)}`, null],
    [`Bearer ${KEY.slice(0, -1)}t`, null],
    [`Bearer ${KEY.toUpperCase()}`, null],
    [`Bearer ${hex(OTHER)}`, null],
    [`Bearer sha256:${hex(OTHER)}`, null],
    [`Bearer ${"x".repeat(1_000_000)}`, null],
  ])("%.40s belongs to %s", (authorization, name) => {
    expect(ring(authorization)?.name ?? null).toBe(name);
  });

  test("belongs to nobody unless the whole hash is right", () => {
    const others = Array.from({ length: 2_000 }, (_, n) => ring(`Bearer ${KEY}-${n}`));
    expect(others.filter((key) => key !== null)).toEqual([]);
  });

  test("belongs to nobody when no key is configured", () => {
    expect(createKeyRing([], platform)("Bearer anything")).toBeNull();
  });
});

describe("API_KEYS", () => {
  test("a key without a name is called default", () => {
    expect(keysOf(KEY).map(({ name }) => name)).toEqual(["default"]);
  });

  test("keeps no key, only hashes", () => {
    expect(JSON.stringify(keysOf(`shop:${KEY}`))).not.toContain(KEY);
  });

  test("empty means none", () => {
    expect(keysOf("")).toEqual([]);
  });

  test.each([
    [`${KEY},`, 1, "empty key"],
    [`${KEY},sh op:${OTHER}`, 1, "name"],
    ["shop:", 0, "empty key"],
    ["short", 0, "less than 16"],
    ["shop:schlüssel-mit-umlaut", 0, "printable ASCII"],
  ])("%s is refused", (setting, entry, reason) => {
    const parsed = parseApiKeys(setting, true, platform);
    expect(parsed).toMatchObject({ kind: "invalid", entry, reason: expect.stringContaining(reason) });
  });

  test("a short key is enough for development", () => {
    expect(parseApiKeys("short", false, platform).kind).toBe("ok");
  });
});
