import { receivedAtMsOf } from "@spillway/event";
import type { RelayRecord } from "../shard/in-hand.ts";

/** Those of one chunk came in together, and lie side by side: one call for each such run. */
export const observeAges = (
  records: readonly RelayRecord[],
  wallMs: number,
  observe: (times: number, ageMs: number) => void,
): void => {
  let times = 0;
  let receivedAtMs = 0;
  const ends = (): void => {
    if (times > 0) observe(times, Math.max(0, wallMs - receivedAtMs));
    times = 0;
  };
  for (const { from, index } of records) {
    const atMs = receivedAtMsOf(from, index);
    if (atMs !== receivedAtMs) ends();
    receivedAtMs = atMs;
    times++;
  }
  ends();
};
