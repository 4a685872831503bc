import type { Connection } from "./connection.ts";
import type { Script } from "./scripts.ts";

const isNoScript = (error: unknown): boolean => error instanceof Error && error.message.startsWith("NOSCRIPT");

/** By its hash; a server that does not know it gets the text. Rejects with `Unavailable`. */
export const runScript = (
  connection: Connection,
  script: Script,
  keys: readonly string[],
  values: readonly (string | number)[],
): Promise<unknown> =>
  connection.send(async (client) => {
    try {
      return await client.evalsha(script.sha, keys.length, ...keys, ...values);
    } catch (error) {
      if (!isNoScript(error)) throw error;
      return await client.eval(script.source, keys.length, ...keys, ...values);
    }
  });
