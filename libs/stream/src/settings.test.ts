import { describe, expect, test } from "vitest";
import { isRewriting, judgeSettings, settingNames, settingsOf } from "./settings.ts";

const good = {
  "maxmemory-policy": ["noeviction"],
  appendonly: ["yes"],
  appendfsync: ["always"],
  "no-appendfsync-on-rewrite": ["no"],
};

const evicting = [
  "allkeys-lru",
  "allkeys-lfu",
  "allkeys-random",
  "volatile-lru",
  "volatile-lfu",
  "volatile-random",
  "volatile-ttl",
];

describe("settings", () => {
  test("that keep the promise draw no warning", () => {
    expect(judgeSettings(good, false)).toEqual({ warnings: [], unknown: [], promise: { state: "kept" } });
  });

  test.each([
    ...evicting.map((policy) => ["maxmemory-policy", policy] as const),
    ["appendonly", "no"] as const,
    ["appendfsync", "everysec"] as const,
    ["appendfsync", "no"] as const,
    ["no-appendfsync-on-rewrite", "yes"] as const,
  ])("%s %s breaks it, and the warning says which", (name, value) => {
    const { warnings, promise } = judgeSettings({ ...good, [name]: [value] }, false);
    expect(promise).toEqual({ state: "broken", because: [name] });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`${name} is ${value}`);
  });

  test("of one server among several break it", () => {
    const { warnings, promise } = judgeSettings({ ...good, appendonly: ["yes", "no", "yes"] }, false);
    expect(promise).toEqual({ state: "broken", because: ["appendonly"] });
    expect(warnings[0]).toContain("appendonly is no");
  });

  test("that the server does not tell are unknown, not wrong; one that is wrong is, whatever else it hides", () => {
    const unknown = { state: "unknown", because: settingNames };
    expect(judgeSettings({}, false)).toEqual({ warnings: [], unknown: settingNames, promise: unknown });
    expect(judgeSettings({ appendonly: ["no"] }, false).promise).toEqual({ state: "broken", because: ["appendonly"] });
  });

  test("that are sound while the AOF is written anew mend the promise, and do not keep it yet", () => {
    const mending = { state: "mending", because: ["aof_rewrite_in_progress"] };
    expect(judgeSettings(good, true).promise).toEqual(mending);
    expect(judgeSettings({ ...good, appendonly: ["no"] }, true).promise.state).toBe("broken");
    expect(isRewriting("# Persistence\r\naof_rewrite_in_progress:0\r\naof_rewrite_scheduled:1\r\n")).toBe(false);
    expect(isRewriting("aof_rewrite_in_progress:0\r\naof_rewrite_in_progress:1\r\n")).toBe(true);
    for (const untold of [null, undefined, "OK"]) expect(isRewriting(untold)).toBe(false);
  });

  test("are read from CONFIG GET's flat list, of one server or several, and from nothing else", () => {
    expect(settingsOf(["appendonly", "yes", "requirepass", "x"])).toEqual({ appendonly: ["yes"] });
    expect(settingsOf(["appendonly", "yes", "appendonly", "no"])).toEqual({ appendonly: ["yes", "no"] });
    for (const odd of [null, "OK", {}, ["appendonly"], ["appendonly", 1], [["appendonly", "yes"]]]) {
      expect(settingsOf(odd)).toEqual({});
    }
  });
});
