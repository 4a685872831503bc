import { platform } from "@spillway/event/platform-node";
import { createManualClock } from "@spillway/memory";
import { describe, expect, test } from "vitest";
import { createKeyRing } from "./api-key.ts";
import { parseApiKeys } from "./api-keys-setting.ts";

const KEY = "the-first-key-of-the-tests";
const OTHER = "the-other-key-of-the-tests";
const hex = (key: string) =>
  [...platform.sha256(new TextEncoder().encode(key))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const keysOf = (setting: string) => {
  const parsed = parseApiKeys(setting, true, platform);
  if (typeof parsed === "string") throw new Error(parsed);
  return parsed;
};
const ring = createKeyRing(keysOf(`shop:${KEY},till:sha256:${hex(OTHER)}`), platform, createManualClock());

describe("an Authorization header", () => {
  test.each([
    ["shop", `Bearer ${KEY}`],
    ["shop", `bearer ${KEY}`],
    ["shop", `Bearer   ${KEY}`],
    ["till", `Bearer ${OTHER}`],
    [null, null],
    [null, ""],
    [null, "Bearer"],
    [null, "Bearer "],
    [null, "Bearer  "],
    [null, `Basic ${KEY}`],
    [null, KEY],
    [null, `Bearer ${KEY}, Bearer ${KEY}`],
    [null, `Bearer ${KEY} `],
    [null, `Bearer ${KEY}x`],
    [null, `Bearer ${KEY.slice(0, -1)}`],
    [null, `Bearer ${KEY.slice(0, -1)}t`],
    [null, `Bearer ${KEY.toUpperCase()}`],
    [null, `Bearer ${hex(OTHER)}`],
    [null, `Bearer sha256:${hex(OTHER)}`],
    [null, `Bearer ${"x".repeat(1_000_000)}`],
  ])("belongs to %s, in row %#", (name, authorization) => {
    expect(ring(authorization)?.name ?? null).toBe(name);
  });

  test("belongs to nobody unless the whole hash is right", () => {
    const others = Array.from({ length: 2_000 }, (_, n) => ring(`Bearer ${KEY}-${n}`));
    expect(others.filter((key) => key !== null)).toEqual([]);
  });

  test("belongs to nobody when no key is configured", () => {
    expect(createKeyRing([], platform, createManualClock())("Bearer anything")).toBeNull();
  });
});

describe("what held a key", () => {
  const watched = () => {
    const clock = createManualClock();
    let hashed = 0;
    const sha256 = (bytes: Uint8Array): Uint8Array => {
      hashed++;
      return platform.sha256(bytes);
    };
    const keyOf = createKeyRing(keysOf(`shop:${KEY},till:${OTHER}`), { ...platform, sha256 }, clock);
    return { clock, hashed: () => hashed, nameOf: (authorization: string) => keyOf(authorization)?.name };
  };

  test("is hashed once in a second, and then again", async () => {
    const { clock, hashed, nameOf } = watched();
    const names = [KEY, OTHER, KEY, OTHER, KEY].map((key) => nameOf(`Bearer ${key}`));
    expect([names, hashed()]).toEqual([["shop", "till", "shop", "till", "shop"], 2]);
    await clock.advance(1_000);
    expect([nameOf(`Bearer ${KEY}`), hashed()]).toEqual(["shop", 3]);
    await clock.advance(1_000);
    expect([nameOf(`Bearer ${KEY}`), hashed()]).toEqual(["shop", 4]);
  });

  test("is remembered as a whole, and what held none never is", () => {
    const { hashed, nameOf } = watched();
    nameOf(`Bearer ${KEY}`);
    for (let n = 0; n < 3; n++) expect(nameOf(`Bearer ${KEY}x`)).toBeUndefined();
    expect(hashed()).toBe(4);
  });

  test("takes no more memory, in however many spellings it comes", () => {
    const { hashed, nameOf } = watched();
    const spellings = Array.from({ length: 100 }, (_, n) => `Bearer ${" ".repeat(n)}${KEY}`);
    for (const spelling of [...spellings, ...spellings]) expect(nameOf(spelling)).toBe("shop");
    expect(hashed()).toBe(200 - 64);
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
    [`shop:${KEY},`, 1, "empty key"],
    [`${KEY},sh op:${OTHER}`, 0, "no name"],
    [`shop:${KEY},sh op:${OTHER}`, 1, "name"],
    ["shop:", 0, "empty key"],
    ["shop: ", 0, "empty key"],
    [":", 0, "name"],
    [`:${KEY}`, 0, "name"],
    ["short", 0, "less than 16"],
    ["shop:schlüssel-mit-umlaut", 0, "RFC 6750"],
    [`shop:${KEY}\u0000`, 0, "RFC 6750"],
    [`shop: ${KEY}`, 0, "RFC 6750"],
    [`shop:${KEY}\ntill:${OTHER}`, 0, "RFC 6750"],
    [`"shop:${KEY}"`, 0, "name"],
    [`shop:"${KEY}"`, 0, "RFC 6750"],
    [`'${KEY}'`, 0, "RFC 6750"],
    [`shop:${"long".repeat(150)}`, 0, "more than 512"],
    [`shop:${KEY},with-a-comma-in-it`, 1, "no name"],
    [`${KEY},with-a-comma-in-it`, 0, "no name"],
    [`shop:${KEY};till:${OTHER}`, 0, "RFC 6750"],
    [`shop:${KEY}|till:${OTHER}`, 0, "RFC 6750"],
    [`shop:k-${KEY}=k`, 0, "RFC 6750"],
    [`shop=${KEY}`, 0, "RFC 6750"],
    [`["${KEY}"]`, 0, "RFC 6750"],
    [`shop:a:${KEY}`, 0, "RFC 6750"],
    [`till:${OTHER},shop::${hex(KEY)}`, 1, "RFC 6750"],
    [`shop::${KEY}`, 0, "RFC 6750"],
    ["shop:$2b$12$KIXQwZk1Q8vJ8zM5u0T8aO", 0, "RFC 6750"],
    ["shop:{SSHA}dGhlLWZpcnN0LWtleQ==", 0, "RFC 6750"],
    [`shop:\${API_KEY_OF_THE_SHOP}`, 0, "RFC 6750"],
    ["{{.Values.apiKeyOfTheShop}}", 0, "RFC 6750"],
    ["shop:<your-key-of-16-characters>", 0, "RFC 6750"],
    ["file:/run/secrets/api-keys", 0, "URL or path"],
    ["https://vault.example/v1/keys", 0, "URL or path"],
    ["shop://vault.example/v1/keys", 0, "URL or path"],
    [`shop:${"a".repeat(16)}`, 0, "different characters"],
    [`shop:sha256:${hex(KEY).slice(1)}`, 0, "70 characters"],
    [`shop:sha256:${hex(KEY)}0`, 0, "64 hex"],
    [`shop:sha256:${hex(KEY).slice(1)}g`, 0, "64 hex"],
    [`shop:sha256: ${hex(KEY)}`, 0, "64 hex"],
    [`shop: sha256:${hex(KEY)}`, 0, "64 hex"],
    [`shop:sha256=${hex(KEY)}`, 0, "64 hex"],
    [`shop:sha-256:${hex(KEY)}`, 0, "64 hex"],
    [`shop:sha_256:${hex(KEY)}`, 0, "64 hex"],
    [`shop:sha512:${hex(KEY)}${hex(OTHER)}`, 0, "64 hex"],
    [`shop:sha1:${hex(KEY).slice(24)}`, 0, "64 hex"],
    [`shop:md5:${hex(KEY).slice(32)}`, 0, "64 hex"],
    [`shop:"sha256:${hex(KEY)}"`, 0, "64 hex"],
    ["shop:sha256:", 0, "64 hex"],
    [`shop:sha256${hex(KEY)}`, 0, "64 hex"],
    [`shop:sah256:${hex(KEY)}`, 0, "64 hex"],
    [`shop:sha256-${Buffer.from(hex(KEY), "hex").toString("base64")}`, 0, "64 hex"],
    [`sha256:${hex(KEY)}`, 0, "without a name"],
    [`SHA-256:${hex(KEY)}`, 0, "without a name"],
    [`shop:sha256:${hex("")}`, 0, "empty key"],
    [`shop:sha256:${hex("\n")}`, 0, "empty key"],
    [`shop:${KEY},till:${KEY}`, 1, "entry 1 again"],
    [`shop:${KEY},shop:${KEY}`, 1, "entry 1 again"],
    [`shop:${OTHER},a:${KEY},till:sha256:${hex(KEY)}`, 2, "entry 2 again"],
    [`a:sha256:${hex(KEY)},b:sha256:${hex(KEY).toUpperCase()}`, 1, "entry 1 again"],
  ])("%s is refused", (setting, entry, reason) => {
    const parsed = parseApiKeys(setting, true, platform);
    expect(parsed).toMatch(`entry ${entry + 1} `);
    expect(parsed).toMatch(reason);
    expect(JSON.stringify(parsed)).not.toMatch(/the-(first|other)-key|comma-in|[0-9a-f]{32}/i);
  });

  test.each([
    [`shop:sha256:${hex(KEY).toUpperCase()}`, KEY],
    [`shop:SHA256:${hex(KEY)}`, KEY],
    [` shop:${KEY} \n`, KEY],
    [`shop:${hex(KEY)}`, hex(KEY)],
    [`shared:${KEY}`, KEY],
    [`sha-service:${KEY}`, KEY],
    [`shop:/${KEY}`, `/${KEY}`],
    [`shop:0x${hex(KEY)}`, `0x${hex(KEY)}`],
    [`shop:${KEY}==`, `${KEY}==`],
    [`shop:${"long".repeat(128)}`, "long".repeat(128)],
    [`shop:${OTHER}, shop:${KEY}`, KEY],
  ])("%.60s starts, and its key is found", (setting, key) => {
    expect(createKeyRing(keysOf(setting), platform, createManualClock())(`Bearer ${key}`)).not.toBeNull();
  });

  test("every character that a key may have arrives", () => {
    const key = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/==";
    expect(createKeyRing(keysOf(`shop:${key}`), platform, createManualClock())(`Bearer ${key}`)?.name).toBe("shop");
  });

  test("a short key is enough for development", () => {
    expect(parseApiKeys("short", false, platform)).toHaveLength(1);
  });
});
