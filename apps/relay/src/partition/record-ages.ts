import { receivedAtMsOf } from "@spillway/event";
import type { RelayRecord } from "../shard/in-hand.ts";

/** Those of one chunk came in together, and lie side by side: one call for each such run, with the first record of it. */
export const observeAges = (
  records: readonly RelayRecord[],
  wallMs: number,
  observe: (times: number, ageMs: number, first: RelayRecord) => void,
): void => {
  let times = 0;
  let receivedAtMs = 0;
  let first: RelayRecord | undefined;
  const ends = (): void => {
    if (first !== undefined) observe(times, Math.max(0, wallMs - receivedAtMs), first);
    times = 0;
    first = undefined;
  };
  for (const record of records) {
    const atMs = receivedAtMsOf(record.from, record.index);
    if (atMs !== receivedAtMs) ends();
    receivedAtMs = atMs;
    first ??= record;
    times++;
  }
  ends();
};
