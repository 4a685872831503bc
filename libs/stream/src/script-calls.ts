import { Unavailable } from "@spillway/event";
import { type ScriptText, UNKNOWN_FLAG } from "./script-texts.ts";
import type { Script } from "./scripts.ts";
import type { Command, Reply, Transport } from "./transport.ts";

/** One call of a script, as data. */
export type ScriptCall = {
  readonly keys: readonly string[];
  readonly values: readonly (string | number)[];
};

export const scriptCommand = (by: "evalsha" | "eval", script: ScriptText, { keys, values }: ScriptCall): Command => [
  by,
  by === "evalsha" ? script.sha : script.source,
  keys.length,
  ...keys,
  ...values,
];

const isError = (reply: Reply | undefined, code: string): boolean => reply?.kind === "error" && reply.code === code;

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

/** Those of the calls that had this error, which says that nothing was done, are sent once more, another way. */
const sendAgain = async (
  replies: readonly Reply[],
  calls: readonly ScriptCall[],
  code: string,
  send: (again: readonly ScriptCall[]) => Promise<readonly Reply[]>,
): Promise<readonly Reply[]> => {
  const isAgain = (_: unknown, i: number): boolean => i < calls.length && isError(replies[i], code);
  const again = calls.filter(isAgain);
  if (again.length === 0) return replies;
  const second = await send(again);
  let next = 0;
  return replies.map((reply, i) => (isAgain(reply, i) ? (second[next++] ?? reply) : reply));
};

const callText = async (
  transport: Transport,
  script: ScriptText,
  calls: readonly ScriptCall[],
  leftMs: () => number,
  beside: readonly Command[] = [],
): Promise<readonly Reply[]> => {
  const first = [...calls.map((call) => scriptCommand("evalsha", script, call)), ...beside];
  const replies = await sendOnce(transport, first, leftMs());
  const withText = (again: readonly ScriptCall[]) => again.map((call) => scriptCommand("eval", script, call));
  return sendAgain(replies, calls, "no_script", (again) => sendOnce(transport, withText(again), leftMs()));
};

/**
 * Calls the script by its hash, all calls in one request, `beside` behind them. A server that lost its scripts (a restart) says
 * NOSCRIPT and has done nothing: those calls are sent once more, with its text; and so are those whose text it does not take, with
 * another one. Never rejects; a reply for each call, then for each command of `beside`.
 */
export const callScript = async (
  transport: Transport,
  script: Script,
  calls: readonly ScriptCall[],
  leftMs: () => number,
  beside: readonly Command[] = [],
): Promise<readonly Reply[]> => {
  const replies = await callText(transport, transport.scriptTexts.of(script), calls, leftMs, beside);
  return sendAgain(replies, calls, UNKNOWN_FLAG, (again) => {
    transport.scriptTexts.refused();
    return callText(transport, script, again, leftMs);
  });
};
