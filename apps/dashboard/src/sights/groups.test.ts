import type { GroupLag } from "@spillway/kafka/reader";
import { expect, test } from "vitest";
import { followGroups } from "./groups.ts";

/** Looks ten seconds apart; what is seen after each. */
const seenOf = async (...lags: readonly (Pick<GroupLag, "records" | "committed"> | null)[]) => {
  let [nowMs, looks] = [0, 0];
  const stop = new AbortController();
  const seen: (readonly (number | null)[] | null)[] = [];
  const { run, sight } = followGroups({
    groups: ["billing"],
    topics: async () => ["events"],
    reader: {
      lags: async () => {
        const told = lags[looks++] ?? { records: null, committed: null };
        return [{ group: "billing", topic: "events", unknown: told.records === null ? "not_answered" : null, ...told }];
      },
    },
    clock: {
      wallMs: () => nowMs,
      monotonicMs: () => nowMs,
      sleep: async (ms) => {
        seen.push(sight().lags?.map(({ stillSinceMs }) => stillSinceMs) ?? null);
        nowMs += ms;
        if (looks === lags.length) stop.abort();
      },
    },
  });
  await run(stop.signal);
  return seen.flat();
};

test("a group stands still since it was seen first where it is, while something waits for it", async () => {
  const at = (committed: number, records: number) => ({ committed, records });
  expect(await seenOf(at(5, 1), at(5, 3), at(6, 2), at(6, 9))).toEqual([0, 0, 20_000, 20_000]);
  // All is read: it stands from when there was something again.
  expect(await seenOf(at(5, 0), at(5, 0), at(5, 1), at(5, 1))).toEqual([null, null, 10_000, 10_000]);
  expect(await seenOf(at(5, 1), null, at(5, 1))).toEqual([0, null, 20_000]);
  // An operator sets it back.
  expect(await seenOf(at(5, 1), at(2, 4))).toEqual([0, 10_000]);
});
