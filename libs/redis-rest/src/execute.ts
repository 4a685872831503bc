import { failed, ok } from "./answer.ts";
import type { Backend } from "./backend.ts";
import type { Command } from "./command.ts";
import { Fault } from "./fault.ts";
import { refusalOf } from "./refusal.ts";
import { encodeReplies, encodeReply } from "./reply.ts";

export const runCommand = async (backend: Backend, command: Command, base64: boolean): Promise<Response> => {
  const refusal = refusalOf(command);
  const [reply = new Fault("lost")] = refusal === undefined ? await backend.run([command]) : [refusal];
  return reply instanceof Error ? failed(reply) : ok(encodeReply(reply, base64));
};

/** Refused commands get their error in their place; the others run. 5xx when not one of them got a reply. */
export const runPipeline = async (
  backend: Backend,
  commands: readonly Command[],
  base64: boolean,
): Promise<Response> => {
  const refusals = commands.map(refusalOf);
  const sent = commands.filter((_, index) => refusals[index] === undefined);
  const replies = sent.length === 0 ? [] : await backend.run(sent);
  const [first] = replies;
  if (first instanceof Fault && replies.every((reply) => reply instanceof Fault)) return failed(first);
  let next = 0;
  const inOrder = refusals.map((refusal) => refusal ?? replies[next++] ?? null);
  return ok(encodeReplies(inOrder, base64));
};

/** One refused command discards the transaction, as a command unknown to Redis does. */
export const runTransaction = async (
  backend: Backend,
  commands: readonly Command[],
  base64: boolean,
): Promise<Response> => {
  const refusal = commands.map(refusalOf).find((error) => error !== undefined);
  const replies = refusal ?? (await backend.transact(commands));
  return replies instanceof Error ? failed(replies) : ok(encodeReplies(replies, base64));
};
