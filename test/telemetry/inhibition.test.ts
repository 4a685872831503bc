import { readFileSync } from "node:fs";
import { eventually, type Running, startAlertmanager } from "@spillway/backends";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRules, telemetryFolder } from "./rules.ts";

/* One cause, one alert: alerts/alertmanager.yml as it stands, in a real Alertmanager that is given the alerts. */
const CAUSES = [
  "SpillwayDependencyDown",
  "SpillwayTopicStandsStill",
  "SpillwayShardWithoutOwner",
  "SpillwayBreakerOpen",
  "SpillwayDurabilityBroken",
] as const;
const alertNames = readRules().flatMap(({ alert }) => alert ?? []);
let alertmanager: Running;
let url: string;
beforeAll(async () => {
  alertmanager = await startAlertmanager({
    config: readFileSync(`${telemetryFolder}/alerts/alertmanager.yml`, "utf8"),
  });
  url = `${alertmanager.url}/api/v2/alerts`;
});
afterAll(() => alertmanager?.stop());

type Labels = Readonly<Record<string, string>>;
type Standing = { readonly labels: Labels; readonly status: { readonly state: string } };

/** Of a shard and a topic, as far as an alert is about any. */
const labelled = (alertname: string, of: Labels = { shard: "0", topic: "a" }): Labels => ({ alertname, ...of });

const post = async (alerts: readonly Labels[], endsAt: Date): Promise<void> => {
  const body = JSON.stringify(alerts.map((labels) => ({ labels, startsAt: new Date(0), endsAt })));
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  expect(answer.status).toBe(200);
};
const standing = async (): Promise<readonly Standing[]> => (await fetch(url)).json();

/** What is not sent of these while this cause fires. */
const suppressedBeside = async (
  cause: Labels,
  others: readonly Labels[],
  count: number,
): Promise<readonly Labels[]> => {
  const all = [cause, ...others];
  await post(all, new Date(Date.now() + 3_600_000));
  const suppressed = async () =>
    (await standing()).filter(({ status }) => status.state === "suppressed").map(({ labels }) => labels);
  try {
    // It takes the alerts in turn: once as many are suppressed as have to be, it knows the cause.
    await eventually(`${count} suppressed alerts`, async () => (await suppressed()).length >= count, 10_000);
    return await suppressed();
  } finally {
    await post(all, new Date(1_000));
    await eventually("none fires", async () => (await standing()).length === 0, 10_000);
  }
};

const suppressedNames = async (cause: string, follow: readonly string[]): Promise<readonly string[]> => {
  const isOther = (name: string) => cause === "SpillwayDependencyDown" || !CAUSES.some((each) => each === name);
  const others = alertNames.filter((name) => name !== cause && isOther(name)).map((name) => labelled(name));
  const suppressed = await suppressedBeside(labelled(cause), others, follow.length);
  return suppressed.map(({ alertname = "" }) => alertname).toSorted();
};

test.each([
  [
    "SpillwayDependencyDown",
    [
      "SpillwayBreakerOpen",
      "SpillwayEventsWait",
      "SpillwayOutboxGrows",
      "SpillwayParkedGrows",
      "SpillwayShardStandsStill",
      "SpillwayShardWithoutOwner",
      "SpillwayTopicStandsStill",
    ],
  ],
  ["SpillwayTopicStandsStill", ["SpillwayEventsWait", "SpillwayParkedGrows", "SpillwayShardStandsStill"]],
  ["SpillwayShardWithoutOwner", ["SpillwayEventsWait"]],
  ["SpillwayBreakerOpen", ["SpillwayOutboxGrows"]],
  ["SpillwayDurabilityBroken", ["SpillwayEventsWait", "SpillwayOutboxGrows", "SpillwayShardStandsStill"]],
] as const)("of all alerts beside %s these are not sent: %j", async (cause, follow) => {
  expect(await suppressedNames(cause, follow)).toEqual(follow);
});

test.each([
  ["SpillwayShardWithoutOwner", "SpillwayEventsWait", { shard: "1" }, { shard: "2" }],
  ["SpillwayTopicStandsStill", "SpillwayParkedGrows", { topic: "b" }, { topic: "c" }],
] as const)("%s hides %s of its own, and no other", async (cause, follower, own, another) => {
  const followers = [labelled(follower, own), labelled(follower, another)];
  expect(await suppressedBeside(labelled(cause, own), followers, 1)).toEqual([labelled(follower, own)]);
});

test("a cause fires on after it is gone, a dependency longest: what it leaves behind is worked off meanwhile", () => {
  const keptMinutes = new Map(
    readRules().map(({ alert, keep_firing_for = "0m" }) => [alert, Number.parseInt(keep_firing_for, 10)]),
  );
  const inRules = alertNames.filter((name) => (keptMinutes.get(name) ?? 0) > 0);
  expect(inRules.toSorted()).toEqual(CAUSES.toSorted());
  const longest = Math.max(
    ...CAUSES.filter((name) => name !== "SpillwayDependencyDown").map((name) => keptMinutes.get(name) ?? 0),
  );
  expect(keptMinutes.get("SpillwayDependencyDown")).toBeGreaterThan(longest);
});
