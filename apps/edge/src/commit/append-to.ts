import type { Appended } from "@spillway/event";
import { inSpan, type Traces } from "@spillway/telemetry";
import type { CommitParts } from "./committer.ts";
import type { Packed } from "./pack.ts";
import type { TierName } from "./result.ts";

/** One append to a tier. One answer per chunk, in order. */
export type AppendTo = (tier: TierName, chunks: readonly Packed[], untilMs: number) => Promise<readonly Appended[]>;

function* requestsOf(chunks: readonly Packed[]): Generator<string | undefined> {
  for (const { waiting } of chunks) for (const { commit } of waiting) yield commit.within;
}

const failureOf = (answers: readonly Appended[]): string | undefined => {
  const refused = answers.find(({ kind }) => kind !== "ok");
  return refused?.kind === "retriable" ? refused.code : refused?.kind;
};

/** With a span for each append, linked to those of the requests that wait for it. It failed when any of its chunks did. */
const traced =
  (append: AppendTo, traces: Traces): AppendTo =>
  (tier, chunks, untilMs) => {
    const span = traces.beginFor("append", requestsOf(chunks), {
      "spillway.tier": tier,
      "spillway.chunks": chunks.length,
      "spillway.events": chunks.reduce((sum, { events }) => sum + events, 0),
    });
    const work = () => append(tier, chunks, untilMs);
    return inSpan(span, work, (answers) => ({ failure: failureOf(answers) }));
  };

export const createAppendTo = ({ traces, ...tiers }: Pick<CommitParts, TierName | "traces">): AppendTo => {
  const append: AppendTo = (tier, chunks, untilMs) => tiers[tier].append(chunks, untilMs);
  return traces === undefined ? append : traced(append, traces);
};
