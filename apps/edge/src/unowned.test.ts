import { Unavailable } from "@spillway/event";
import { createManualClock } from "@spillway/memory";
import { expect, test } from "vitest";
import { createUnownedWatch } from "./unowned.ts";

test("a shard with events is told of once nobody has had its lease for two of them, and no more when somebody has", async () => {
  const clock = createManualClock();
  let unowned: readonly number[] = [0, 2];
  let away = false;
  const look = createUnownedWatch(clock, async () => {
    if (away) throw new Unavailable("away");
    return unowned;
  });
  expect(await look(500)).toEqual([]);
  await clock.advance(5_000);
  unowned = [2];
  expect(await look(500)).toEqual([]);
  await clock.advance(5_000);
  unowned = [0, 2];
  expect(await look(500)).toEqual([expect.stringContaining("the lease of shard 2,")]);
  // Who asks more often is told the same.
  unowned = [];
  await clock.advance(4_000);
  expect(await look(500)).toEqual([expect.stringContaining("the lease of shard 2,")]);
  away = true;
  await clock.advance(6_000);
  // Both, since then, for all that is known.
  expect(await look(500)).toEqual([expect.stringContaining("the lease of shard 0, 2,")]);
  away = false;
  await clock.advance(5_000);
  expect(await look(500)).toEqual([]);
});
