import { describe, expect, test } from "vitest";
import { judgeSettings, restSettingNames, settingNames, settingsOf } from "./settings.ts";

const good = {
  "maxmemory-policy": "noeviction",
  appendonly: "yes",
  appendfsync: "always",
  "no-appendfsync-on-rewrite": "no",
};

describe("settings", () => {
  test("that keep the promises draw no warning", () => {
    expect(judgeSettings(good, settingNames)).toEqual({ warnings: [], unknown: [] });
  });

  test.each([
    ["maxmemory-policy", "allkeys-lru"],
    ["appendonly", "no"],
    ["appendfsync", "everysec"],
    ["no-appendfsync-on-rewrite", "yes"],
  ])("%s %s breaks one, and the warning says which", (name, value) => {
    const { warnings } = judgeSettings({ ...good, [name]: value }, settingNames);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`${name} is ${value}`);
  });

  test("that the server does not tell are unknown, not wrong", () => {
    expect(judgeSettings({}, restSettingNames)).toEqual({ warnings: [], unknown: restSettingNames });
  });

  test("are read from CONFIG GET's flat list and from nothing else", () => {
    expect(settingsOf(["appendonly", "yes", "requirepass", "x"])).toEqual({ appendonly: "yes" });
    for (const odd of [null, "OK", {}, ["appendonly"], ["appendonly", 1], [["appendonly", "yes"]]]) {
      expect(settingsOf(odd)).toEqual({});
    }
  });
});
