import { describe, expect, test } from "vitest";
import { createKeySources } from "./key-sources.ts";
import { parseKeySources } from "./key-sources-setting.ts";

const NAMES = new Set(["shop", "evil", "till"]);

const sourcesOf = (setting: string) => {
  const parsed = parseKeySources(setting, NAMES);
  if (typeof parsed === "string") throw new Error(parsed);
  return createKeySources(parsed);
};
const allows = (setting: string, name: string, source: string) => sourcesOf(setting).refusal(name, source) === null;

describe("a bound source", () => {
  test.each([
    ["/shop", "/shop", true],
    ["/shop", "/shop/", true],
    ["/shop", "/shop/eu/1", true],
    ["/shop", "/shop?branch=1", true],
    ["/shop", "/shop#till", true],
    ["/shop", "/shop:1", true],
    ["/shop", "/shopping", false],
    ["/shop", "/shop-evil", false],
    ["/shop", "/shop.evil", false],
    ["/shop", "/shop%2Fx", false],
    ["/shop", "/SHOP", false],
    ["/shop", "/sho", false],
    ["/shop", "//shop", false],
    ["/shop", " /shop", false],
    ["/shop", "/x/shop", false],
    ["/shop", "/shop/../evil", false],
    ["/shop", "/shop/..", false],
    ["/shop", "/shop/./x", true],
    ["/shop", "/shop/../../shop/x", true],
    ["/shop", "/x/..//shop", false],
    ["//shop", "/x/..//shop", false],
    ["/shop", "shop", false],
    ["/shop/", "/shop/.", true],
    ["shop", "./shop/x", true],
    ["shop", "x/../shop", true],
    ["shop", "../shop", false],
    ["shop", "x/..//shop", false],
    ["urn:shop:", "x/../urn:shop:1", false],
    ["urn:shop:", "urn:shop:x/../../evil", true],
    ["urn:shop:", "urn:x/../shop:1", false],
    ["urn:shop:A", "urn:shop:a", false],
    ["https:", "HTTPS://x.example/", true],
    ["https://shop.example/", "https://shop.example", true],
    ["https://shop.example", "https://shop.example:8443/a", false],
    ["https://shop.example", "https://x@shop.example/", false],
    ["https://shop.example:080", "https://shop.example:80/", true],
    ["//shop.example", "//SHOP.example:/x", true],
    ["/a%2fb", "/a%2Fb/c", true],
    ["/%53hop", "/Shop", true],
    ["/shop", "/shop/%2e%2E/evil", false],
    ["/shop", "/shop/.%2e?x", false],
    ["/shop", "/shop/...", true],
    ["/shop/", "/shop/x", true],
    ["/shop/", "/shop", false],
    ["urn:shop", "urn:shop:7", true],
    ["urn:shop:", "urn:shop:7", true],
    ["urn:shop:", "urn:shopping:7", false],
    ["urn:shop", "urn:shopping", false],
    ["https://shop.example", "https://shop.example/eu", true],
    ["https://shop.example", "https://shop.example.evil.example/", false],
    ["https://shop.example", "https://shop.example@evil.example/", false],
    ["https://shop.example", "https://shop.example:x@evil.example/", false],
    ["https://shop.example:", "https://shop.example:x@evil.example/", false],
  ])("%s with the event's %s: %j", (prefix, source, allowed) => {
    expect(allows(`shop=${prefix}`, "shop", source)).toBe(allowed);
  });

  const EVERY = "shop=/shop,shop=urn:shop:,shop=https://shop.example/a,shop=HTTP://[::A]:80/b";
  test.each(
    `/./shop /x/../shop /shop/../shop /%73hop /%2e/shop /x/%2E%2e/shop/y /../shop urn:SHOP:1 URN:shop:1 urn:%53hop:1
     HTTPS://SHOP.example/a https://shop.example:443/a https://shop.example:/a https://shop.example:0443/a
     https://sh%6Fp.example/x/../a?b https://shop.example/%61#c https://shop.example/./a http://[::a]/b http://[::A]:80/b/c`.split(
      /\s+/,
    ),
  )("in the equivalent form %s is the owner's and nobody else's", (source) => {
    expect(allows(EVERY, "shop", source)).toBe(true);
    expect(sourcesOf(EVERY).refusal("evil", source)).toBe("this source is bound to another key");
  });

  test("is for its keys only, and they have no other", () => {
    const setting = "shop=/shop,evil=/evil,shop=urn:shop:";
    expect(["/shop", "urn:shop:1", "/evil", "/x"].map((source) => allows(setting, "shop", source))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(["/shop", "/shop/x", "/evil/1", "/x"].map((source) => allows(setting, "evil", source))).toEqual([
      false,
      false,
      true,
      false,
    ]);
    expect(["/shop", "urn:shop:1", "/evil", "/x"].map((source) => allows(setting, "till", source))).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  test("may be shared by keys", () => {
    const setting = "shop=/shop,till=/shop/till";
    expect([allows(setting, "shop", "/shop/till"), allows(setting, "till", "/shop/till/7")]).toEqual([true, true]);
    expect(allows(setting, "till", "/shop")).toBe(false);
  });

  test("is the default where the key may not send /name", () => {
    const sources = sourcesOf("shop=urn:shop:1,shop=urn:shop:2,evil=/x,evil=/evil");
    expect(["shop", "evil", "till"].map(sources.defaultOf)).toEqual(["urn:shop:1", "/evil", "/till"]);
  });

  test("none means that every key may send every source", () => {
    expect(allows("", "evil", "/shop")).toBe(true);
  });
});

test.each([
  ["/shop", 0, "not name=source"],
  ["shop=/shop,", 1, "not name=source"],
  ["shop=/shop,shopp=/evil", 1, "no key of API_KEYS"],
  ["=/shop", 0, "no key of API_KEYS"],
  ["shop =/shop", 0, "no key of API_KEYS"],
  ["shop=", 0, "no URI reference"],
  ["shop=/shop/*", 0, "no URI reference"],
  ['shop="/shop"', 0, "no URI reference"],
  ["shop=/sh op", 0, "no URI reference"],
  ["shop=/schön", 0, "no URI reference"],
  [`shop=/${"x".repeat(1_024)}`, 0, "no URI reference"],
  ["shop=/shop/../x", 0, "/../"],
])("API_KEY_SOURCES %.30s is refused", (setting, entry, reason) => {
  const refused = parseKeySources(setting, NAMES);
  expect(refused).toMatch(`entry ${entry + 1} `);
  expect(refused).toMatch(reason);
});
