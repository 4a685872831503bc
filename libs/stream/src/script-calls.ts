import { Unavailable } from "@spillway/event";
import type { Script } from "./scripts.ts";
import type { Command, Reply, Transport } from "./transport.ts";

/** One call of a script, as data. */
export type ScriptCall = {
  readonly keys: readonly string[];
  readonly values: readonly (string | number)[];
};

export const scriptCommand = (by: "evalsha" | "eval", script: Script, { keys, values }: ScriptCall): Command => [
  by,
  by === "evalsha" ? script.sha : script.source,
  keys.length,
  ...keys,
  ...values,
];

const isNoScript = (reply: Reply | undefined): boolean => reply?.kind === "error" && reply.code === "no_script";

/** As `Transport.send`, but what has no reply is the error that it stands for: some of the calls may have one. */
const sendOnce = async (
  transport: Transport,
  commands: readonly Command[],
  deadlineMs: number,
): Promise<readonly Reply[]> => {
  try {
    return await transport.send(commands, deadlineMs);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    const { code } = error;
    return commands.map((): Reply => ({ kind: "error", code }));
  }
};

/**
 * Calls the script by its hash, all calls in one request, `beside` behind them. A server that lost its scripts (a restart) says
 * NOSCRIPT and has done nothing: those calls are sent once more, with its text. Never rejects; a reply for each call, then
 * for each command of `beside`.
 */
export const callScript = async (
  transport: Transport,
  script: Script,
  calls: readonly ScriptCall[],
  leftMs: () => number,
  beside: readonly Command[] = [],
): Promise<readonly Reply[]> => {
  const first = [...calls.map((call) => scriptCommand("evalsha", script, call)), ...beside];
  const replies = await sendOnce(transport, first, leftMs());
  const again = calls.filter((_, i) => isNoScript(replies[i]));
  if (again.length === 0) return replies;
  const texts = again.map((call) => scriptCommand("eval", script, call));
  const second = await sendOnce(transport, texts, leftMs());
  let next = 0;
  return replies.map((reply, i) => (i < calls.length && isNoScript(reply) ? (second[next++] ?? reply) : reply));
};
