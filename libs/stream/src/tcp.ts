import { Unavailable } from "@spillway/event";
import { Cluster, type Redis } from "ioredis";
import type { Client, Connection } from "./connection.ts";
import { codeOfTcpError } from "./errors.ts";
import type { Command, Reply, Transport } from "./transport.ts";

/** Settings and INFO are each server's own. */
const ofEachMaster: ReadonlySet<string> = new Set(["config", "info"]);

const mastersOf = (client: Client): readonly Redis[] => (client instanceof Cluster ? client.nodes("master") : [client]);

const run = async (client: Client, [name, ...words]: Command): Promise<unknown> => {
  if (!ofEachMaster.has(name)) return await client.call(name, ...words);
  const replies = await Promise.all(mastersOf(client).map((master) => master.call(name, ...words)));
  return replies.length === 1 ? replies[0] : replies.flat();
};

const replyOf = async (client: Client, command: Command): Promise<Reply> => {
  try {
    return { kind: "result", result: await run(client, command) };
  } catch (error) {
    if (error instanceof TypeError) throw error;
    return { kind: "error", code: codeOfTcpError(error) };
  }
};

/**
 * Over TCP, on a connection that neither queues nor repeats (`connection.ts`). The commands are written one behind the other
 * and not as ioredis's pipeline, which a cluster takes for one node only. At the deadline those that were answered keep
 * their replies: a frozen node of a cluster says nothing about the others.
 */
export const createTcpTransport = (connection: Connection): Transport => ({
  scriptTexts: connection.scriptTexts,
  async send(commands, deadlineMs) {
    const replies = commands.map((): Reply | null => null);
    const runAll = (client: Client) =>
      Promise.all(
        commands.map(async (command, i) => {
          replies[i] = await replyOf(client, command);
        }),
      );
    try {
      await connection.send(runAll, deadlineMs);
    } catch (error) {
      if (!(error instanceof Unavailable) || replies.every((reply) => reply === null)) throw error;
      const lost: Reply = { kind: "error", code: error.code };
      return replies.map((reply) => reply ?? lost);
    }
    return replies as readonly Reply[];
  },
});
