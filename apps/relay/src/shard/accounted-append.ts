import type { Appended, ShardChunk } from "@spillway/event";
import type { Term } from "../lease/term.ts";
import type { RelayParts } from "../parts.ts";

type Answer = Appended | { readonly kind: "fenced" };

/** An append under the term's lease and this relay's writer; no answer is an answer, too. */
export const createAccountedAppend = ({ term, shardStream, writers }: RelayParts & { readonly term: Term }) => {
  const append = async (chunk: ShardChunk): Promise<Answer> => {
    const answer = await shardStream.append(term.lease, chunk);
    return answer.ok ? answer.value : { kind: "retriable", code: answer.code };
  };
  return async (chunk: ShardChunk): Promise<Answer> => {
    const [answer] = await writers.append([chunk], (chunks) => Promise.all(chunks.map(append)));
    return answer ?? { kind: "retriable", code: "odd_reply" };
  };
};
