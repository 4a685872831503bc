import { describe, expect, test } from "vitest";
import { parseKeyQuotas } from "./key-quotas-setting.ts";

const NAMES = new Set(["shop", "till", "default"]);
const parse = (setting: string) => parseKeyQuotas(setting, NAMES);

describe("quotas of keys", () => {
  test("are events or bytes a second, each once a name", () => {
    expect(parse("shop=1000/s,shop=5MB/s, till=1/s,default=64KiB/s")).toEqual([
      { name: "shop", eventsPerSecond: 1_000, bytesPerSecond: 5_000_000 },
      { name: "till", eventsPerSecond: 1, bytesPerSecond: null },
      { name: "default", eventsPerSecond: null, bytesPerSecond: 65_536 },
    ]);
    expect(parse("")).toEqual([]);
  });

  test.each([
    ["shop", "entry 1 is not name=rate"],
    ["shop=1/s,evil=1/s", "entry 2 begins with a name that no key of API_KEYS or PUBLISHABLE_KEYS has"],
    ["shop=1/s,", "entry 2 is not name=rate"],
    ["shop=1000", "entry 1 has a rate that is not events or bytes a second, as in 1000/s, 500KB/s or 5MB/s"],
    ["shop=1000/m", "entry 1 has a rate that is not"],
    ["shop=1.5/s", "entry 1 has a rate that is not"],
    ["shop=-1/s", "entry 1 has a rate that is not"],
    ["shop=5mb/s", "entry 1 has a rate that is not"],
    ["shop=5Mb/s", "entry 1 has a rate that is not"],
    ["shop=1e3/s", "entry 1 has a rate that is not"],
    ["shop=0/s", "entry 1 has a rate of nothing"],
    ["shop=999999999999999GB/s", "entry 1 has a rate of nothing, or one beyond all numbers"],
    ["shop=1/s,till=1/s,shop=2/s", "entry 3 gives the events of entry 1 again"],
    ["shop=1B/s,shop=2KB/s", "entry 2 gives the bytes of entry 1 again"],
    ["shop=1000/s+5MB/s", "entry 1 has a rate that is not"],
  ])("that are wrong (%s) say which entry, and nothing of it", (setting, sentence) => {
    expect(parse(setting)).toContain(sentence);
  });
});
