import { createManualClock } from "@spillway/memory";
import { noMetrics } from "@spillway/telemetry";
import { describe, expect, test } from "vitest";
import { createMeasures } from "../measures.ts";
import { createTroubles } from "../troubles.ts";
import { createEvidence, EVIDENCE_MS } from "./evidence.ts";
import { createLaneMode } from "./lane-mode.ts";
import { createStandstill } from "./standstill.ts";

/** Without chance each wait is as long as it can be: a pause begins with a second. */
const PAUSE_MS = 1_000;

const make = () => {
  const clock = createManualClock();
  const measures = createMeasures(noMetrics);
  const spot = createTroubles(clock, () => undefined, measures).spot("lane");
  const mode = createLaneMode({ topic: "events", partition: 0, spot, clock, measures });
  const evidence = createEvidence(16, clock);
  const stopping = new AbortController();
  const standstill = createStandstill({ mode, evidence, clock, random: () => 1, signal: stopping.signal });
  mode.to("sending");
  mode.to("doubting", "refused");
  /** Whether the lane still awaits evidence after so long. */
  const awaits = async (ms: number) => {
    await clock.advance(ms);
    return mode.now === "awaiting";
  };
  return { evidence, mode, standstill, stop: () => stopping.abort(), awaits };
};

describe("a lane that awaits evidence", () => {
  test("does so for a pause when nothing waits behind it", async () => {
    const { standstill, awaits } = make();
    const waiting = standstill.awaitEvidence("refused", 0);
    expect(await awaits(PAUSE_MS - 1)).toBe(true);
    expect(await awaits(1)).toBe(false);
    await waiting;
  });

  test("asks each half second when something does", async () => {
    const { standstill, awaits } = make();
    const waiting = standstill.awaitEvidence("refused", 1);
    expect(await awaits(EVIDENCE_MS)).toBe(false);
    await waiting;
  });

  test("asks at the same moments as all lanes of the process, whenever its wait began", async () => {
    const { standstill, awaits } = make();
    for (const [passedMs, waitsMs] of [
      [EVIDENCE_MS / 2 - 1, EVIDENCE_MS / 2 + 1],
      [EVIDENCE_MS / 2 + 1, EVIDENCE_MS * 1.5 - 1],
    ] as const) {
      await awaits(passedMs);
      const waiting = standstill.awaitEvidence("refused", 1);
      expect(await awaits(waitsMs - EVIDENCE_MS / 4)).toBe(true);
      await awaits(EVIDENCE_MS / 4);
      await waiting;
    }
    const waiting = standstill.awaitEvidence("refused", 0);
    await awaits(1);
    standstill.notify();
    expect(await awaits(EVIDENCE_MS)).toBe(true);
    expect(await awaits(EVIDENCE_MS - 1)).toBe(false);
    await waiting;
  });

  test("ends half a second after records came", async () => {
    const { standstill, awaits } = make();
    const waiting = standstill.awaitEvidence("refused", 0);
    standstill.notify();
    expect(await awaits(EVIDENCE_MS - 1)).toBe(true);
    expect(await awaits(1)).toBe(false);
    await waiting;
  });

  test("ends half a second after another lane had something taken", async () => {
    const { evidence, standstill, awaits } = make();
    const waiting = standstill.awaitEvidence("refused", 0);
    evidence.taken(evidence.now());
    expect(await awaits(EVIDENCE_MS - 1)).toBe(true);
    expect(await awaits(1)).toBe(false);
    await waiting;
  });

  test("is not woken by a notice of before", async () => {
    const { standstill, awaits } = make();
    standstill.notify();
    const waiting = standstill.awaitEvidence("refused", 0);
    expect(await awaits(EVIDENCE_MS)).toBe(true);
    expect(await awaits(PAUSE_MS)).toBe(false);
    await waiting;
  });

  test("ends at once when everything is over", async () => {
    const { standstill, stop, awaits } = make();
    const waiting = standstill.awaitEvidence("refused", 0);
    stop();
    expect(await awaits(0)).toBe(false);
    await waiting;
  });
});
