import { Unavailable } from "@spillway/event";
import type { ScriptTexts } from "./script-texts.ts";

/** One command as data: its name in lower case, as both clients spell it, and its words, which are text or integers. */
export type Command = readonly [name: string, ...words: (string | number)[]];

/**
 * What became of one command: its reply (a text, an integer, null, or a list of these), or the code of an error (`errors.ts`).
 * Two codes say that nothing was done: `no_script` (send its text) and `cross_slot` (send a call for each slot). Any other
 * may stand for a command that ran and whose reply was lost.
 */
export type Reply =
  | { readonly kind: "result"; readonly result: unknown }
  | { readonly kind: "error"; readonly code: string };

/**
 * How an edge's commands come to a Redis, a Redis Cluster or what speaks the same: over HTTP (`rest.ts`) or TCP (`tcp.ts`).
 *
 * - One `send` is one request: its commands run in their order (in a cluster in that of each node), and each has its own
 *   reply, in that order; an error of one keeps none of the others from running. It is no transaction.
 * - It is sent once. Nothing waits in a queue for a connection, and nothing is sent again after one broke: a command of
 *   which nobody knows whether it ran is in doubt, and what to do about that is the caller's to say.
 * - It ends within about `deadlineMs`, connecting included. It rejects with `Unavailable` when no command had a reply:
 *   each may have run, or may run still, also long after.
 * - `config` and `info` are answered by all masters of a cluster, one behind the other.
 */
export type Transport = {
  readonly scriptTexts: ScriptTexts;
  send(commands: readonly Command[], deadlineMs: number): Promise<readonly Reply[]>;
};

/** What a command was answered. Throws `Unavailable` for an error. */
export const resultOf = (reply: Reply | undefined): unknown => {
  if (reply === undefined) throw new Unavailable("odd_reply");
  if (reply.kind === "error") throw new Unavailable(reply.code);
  return reply.result;
};
