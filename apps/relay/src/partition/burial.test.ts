import { noMetrics } from "@spillway/telemetry";
import { expect, test } from "vitest";
import { createMeasures } from "../measures.ts";
import { createBurial } from "./burial.ts";
import { recordOf, termOf } from "./record.fixture.ts";
import type { Refused } from "./remainder.ts";

test("a burial that cannot be done ends with everything, though its term still holds: the entry stays where it is", async () => {
  const stopping = new AbortController();
  let puts = 0;
  const put = async () => {
    if (++puts > 2) throw new Error("tried again without a wait");
    return { ok: false, code: "outage" } as const;
  };
  const bury = createBurial({
    topic: "events",
    deadLetters: { put },
    measures: createMeasures(noMetrics),
    standStill: async () => {
      if (puts === 2) stopping.abort();
    },
    signal: stopping.signal,
  });
  const record = recordOf(0, termOf(0));
  const refused: Refused = {
    record,
    fatal: { kind: "fatal", code: "refused", deadLetterClass: "rejected" },
    attempts: 1,
    suspicions: 0,
  };
  expect(await bury([refused])).toBe(false);
  expect([puts, record.from.dead]).toEqual([2, 0]);
});
