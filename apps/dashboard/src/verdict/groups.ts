import { manyOf } from "../pages/format.ts";
import type { Look } from "./look.ts";
import type { Trouble } from "./trouble.ts";

/** Consumers commit what they have read seconds later. */
const STILL_MS = 60_000;

/** Consumers downstream that stand still: others' work, which nobody else tells the operator of the topic. */
export const groupTroubles = ({ atMs, groups }: Look): Trouble[] =>
  (groups.lags ?? []).flatMap(({ group, topic, records, stillSinceMs }) =>
    records === null || stillSinceMs === null || atMs - stillSinceMs < STILL_MS
      ? []
      : [
          {
            key: `group ${group} ${topic}`,
            source: "groups",
            level: "todo",
            what: `Consumer group ${group} reads nothing of ${topic}`,
            sinceMs: stillSinceMs,
            means: `${manyOf(records, "record waits", "records wait")} for it in Kafka, for as long as the topic keeps them; what Spillway does goes on`,
            next: "See whether its consumers run, and what they say",
            href: "/lag",
          },
        ],
  );

/** Nobody knows of one of them whether it still stands. */
export const areGroupsSilent = ({ groups: { groups, lags } }: Pick<Look, "groups">): boolean =>
  groups.length > 0 && (lags === null || lags.some(({ unknown }) => unknown === "not_answered"));
