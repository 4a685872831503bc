import type { Client, Connection } from "./connection.ts";
import { codeOfText } from "./errors.ts";
import { type ScriptText, UNKNOWN_FLAG } from "./script-texts.ts";
import type { Script } from "./scripts.ts";

const isNoScript = (error: unknown): boolean => error instanceof Error && error.message.startsWith("NOSCRIPT");
const isUnknownFlag = (error: unknown): boolean => error instanceof Error && codeOfText(error.message) === UNKNOWN_FLAG;

type Arguments = readonly [keys: readonly string[], values: readonly (string | number)[]];

const evaluate = async (client: Client, { sha, source }: ScriptText, [keys, values]: Arguments): Promise<unknown> => {
  try {
    return await client.evalsha(sha, keys.length, ...keys, ...values);
  } catch (error) {
    if (!isNoScript(error)) throw error;
    return await client.eval(source, keys.length, ...keys, ...values);
  }
};

/** By its hash; a server that does not know it gets the text. Rejects with `Unavailable`. */
export const runScript = (
  connection: Connection,
  script: Script,
  keys: readonly string[],
  values: readonly (string | number)[],
): Promise<unknown> =>
  connection.send(async (client) => {
    try {
      return await evaluate(client, connection.scriptTexts.of(script), [keys, values]);
    } catch (error) {
      if (!isUnknownFlag(error)) throw error;
      connection.scriptTexts.refused();
      return await evaluate(client, script, [keys, values]);
    }
  });
