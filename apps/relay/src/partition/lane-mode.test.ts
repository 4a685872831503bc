import { createManualClock } from "@spillway/memory";
import { createMetricsSpy } from "@spillway/telemetry/metrics-spy";
import { describe, expect, test } from "vitest";
import { createMeasures } from "../measures.ts";
import { createTroubles } from "../troubles.ts";
import { createLaneMode, type LaneMode, type LaneModeName } from "./lane-mode.ts";

const make = () => {
  const spy = createMetricsSpy();
  const measures = createMeasures(spy);
  const clock = createManualClock();
  const troubles = createTroubles(clock, () => undefined, measures);
  const mode = createLaneMode({ topic: "events", partition: 3, spot: troubles.spot("lane"), clock, measures });
  /** What the metrics say last: blocked, paused; nothing when nobody said anything yet. */
  const gauges = () =>
    ["spillway_lane_blocked", "spillway_lane_paused"].flatMap((name) =>
      spy
        .of(name)
        .slice(-1)
        .map(({ value }) => value),
    );
  return { mode, troubles, gauges };
};

/** The shortest way to each mode. */
const ways: Readonly<Record<LaneModeName, readonly LaneModeName[]>> = {
  idle: [],
  sending: ["sending"],
  retrying: ["sending", "retrying"],
  paused: ["sending", "paused"],
  "dead-letters": ["sending", "dead-letters"],
  doubting: ["sending", "doubting"],
  awaiting: ["sending", "doubting", "awaiting"],
};
const modes = Object.keys(ways) as LaneModeName[];

const go = (mode: LaneMode, next: LaneModeName): void =>
  next === "idle" || next === "sending" ? mode.to(next) : mode.to(next, `code of ${next}`);

const exitsOf = (from: LaneModeName): readonly LaneModeName[] =>
  modes.filter((next) => {
    const { mode } = make();
    for (const step of ways[from]) go(mode, step);
    try {
      go(mode, next);
      return true;
    } catch (error) {
      expect(error).toMatchObject({ message: expect.stringContaining(`can only enter ${next} from`) });
      return false;
    }
  });

describe("the mode of a lane", () => {
  test("begins idle, and from there only sending follows: no lane starts twice, none stands still without work", () => {
    expect(make().mode.now).toBe("idle");
    expect(exitsOf("idle")).toEqual(["sending"]);
  });

  test("only who doubts awaits evidence, and only doubt follows", () => {
    expect(modes.filter((from) => exitsOf(from).includes("awaiting"))).toEqual(["doubting"]);
    expect(exitsOf("awaiting")).toEqual(["doubting"]);
  });

  test.each(["sending", "retrying", "paused", "dead-letters", "doubting"] as const)(
    "%s may be followed by whatever an outcome asks for, and by idle when nothing is left",
    (from) => {
      const afterOutcome = ["idle", "sending", "retrying", "paused", "dead-letters", "doubting"];
      expect(exitsOf(from)).toEqual(expect.arrayContaining(afterOutcome));
    },
  );

  test.each([
    ["idle", null],
    ["sending", null],
    ["retrying", "retrying"],
    ["paused", "paused"],
    ["dead-letters", "dead-letters"],
    ["doubting", "paused"],
    ["awaiting", "paused"],
  ] as const)("%s is shown as %s, and as nothing once it sends again", (now, state) => {
    const { mode, troubles, gauges } = make();
    for (const step of ways[now]) go(mode, step);
    const code = `code of ${now}`;
    const place = { topic: "events", partition: 3, forMs: 0 };
    expect(troubles.list()).toEqual(state === null ? [] : [{ ...place, state, code }]);
    expect(mode.standsStill).toBe(state !== null);
    expect(gauges()).toEqual(state === null ? [] : [1, state === "paused" ? 1 : 0]);
    if (now === "awaiting") mode.to("doubting", code);
    if (now !== "idle") mode.to("sending");
    expect([troubles.list(), mode.standsStill, gauges()]).toEqual([[], false, state === null ? [] : [0, 0]]);
  });
});
