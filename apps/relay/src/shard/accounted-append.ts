import type { Appended, ShardChunk, Total, Writers } from "@spillway/event";
import type { Term } from "../lease/term.ts";
import type { RelayParts } from "../parts.ts";

/** `total`: of this relay's writer with the chunk, when it was new in any part; the last of its numbers are the new events'. */
type Answer = (Appended & { readonly total?: Total }) | { readonly kind: "fenced" };

/** An append under the term's lease and one of these writers; no answer is an answer, too. */
export const createAccountedAppend = (
  { term, shardStream }: RelayParts & { readonly term: Term },
  writers: Writers,
) => {
  const append = async (chunk: ShardChunk): Promise<Answer> => {
    const answer = await shardStream.append(term.lease, chunk);
    if (!answer.ok) return { kind: "retriable", code: answer.code };
    if (answer.value.kind !== "ok" || answer.value.duplicates.length === chunk.events) return answer.value;
    const total = answer.value.totals?.find(([writer]) => writer === chunk.from?.writer);
    return total ? { ...answer.value, total } : answer.value;
  };
  return async (chunk: ShardChunk): Promise<Answer> => {
    const [answer] = await writers.append([chunk], (chunks) => Promise.all(chunks.map(append)));
    return answer ?? { kind: "retriable", code: "odd_reply" };
  };
};
