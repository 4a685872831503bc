import { createManualClock } from "@spillway/memory";
import { expect, test } from "vitest";
import { createProber } from "./prober.ts";

const MANY_MS = 5_000;

const setup = (probe: () => Promise<void>, isUp: () => boolean) => {
  const clock = createManualClock();
  return { clock, prober: createProber(clock, () => 0.5, probe, isUp) };
};

test("a backend is asked until it is up, and no further", async () => {
  let probes = 0;
  const probe = async () => void probes++;
  const { clock, prober } = setup(probe, () => probes >= 3);
  prober.start();
  prober.start();
  await clock.advance(MANY_MS);
  expect(probes).toBe(3);
});

test.each([0, 1, 2, 3, 4, 5])(
  "a backend that fails again %i promises after it was up is asked on",
  async (promises) => {
    let isUp = false;
    let probes = 0;
    const failAgain = async () => {
      for (let i = 0; i < promises; i++) await null;
      isUp = false;
      prober.start();
    };
    const probe = async () => {
      isUp = true;
      if (++probes === 1) void Promise.resolve().then(failAgain);
    };
    const { clock, prober } = setup(probe, () => isUp);
    prober.start();
    await clock.advance(MANY_MS);
    expect([probes, isUp]).toEqual([2, true]);
  },
);

test("stopped, it asks no more, and may be started again", async () => {
  let probes = 0;
  const probe = async () => void probes++;
  const { clock, prober } = setup(probe, () => false);
  prober.start();
  prober.stop();
  await clock.advance(MANY_MS);
  expect(probes).toBe(0);
  prober.start();
  await clock.advance(300);
  prober.stop();
  expect(probes).toBe(1);
});
