import { countOf, durationOf, manyOf } from "../pages/format.ts";
import type { Look } from "./look.ts";

/** Where what waits is, without a full stop. */
export const safeSentence = ({ account }: Look): string => {
  if (account.waiting === null) return "What is accepted waits where it is safe; how much is not known";
  if (account.waiting === 0) return "Nothing is lost, and nothing waits yet";
  const places = [
    ["Redis", account.stream],
    ["Postgres", (account.outbox ?? 0) + (account.parked ?? 0)],
  ] as const;
  const held = places.filter(([, events]) => events !== null && events > 0).map(([name]) => name);
  return `Nothing is lost: ${manyOf(account.waiting, "event is", "events are")} safe in ${held.join(" and ")}`;
};

/** When it will be full, without a full stop; empty where that is not to be said. */
export const fullSentence = ({ capacity }: Look): string => {
  const { overflowsInMs, fullInMs } = capacity;
  if (overflowsInMs === null) return "";
  const then =
    fullInMs === null
      ? "then events go to Postgres"
      : `then events go to Postgres, for ${durationOf(fullInMs - overflowsInMs)} more, then clients get 429`;
  return `Full in ${durationOf(overflowsInMs)} at this rate; ${then}`;
};

/** "0, 2 and 3". */
export const listOf = (parts: readonly (string | number)[]): string =>
  parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;

export const percentOf = (share: number): string =>
  share > 0 && share < 0.01 ? "under 1 %" : `${countOf(share * 100)} %`;
