import { late, systemClock, within } from "@spillway/event";
import { type Cluster, Pipeline, type Redis, Command as RedisCommand } from "ioredis";
import { type Row, toRedisCommand, toReply } from "./backend.ts";
import type { Command } from "./command.ts";
import { Fault, toReplyOrFault } from "./fault.ts";
import type { Reply } from "./reply.ts";

/** Redis says of EXEC only that something was wrong before; the first refused command says what. */
const discarded = (reason: Error, rows: readonly Row[]): Error => {
  const cause = rows.slice(0, -1).find(([error]) => error)?.[0];
  if (!cause || !reason.message.startsWith("EXECABORT")) return reason;
  return new Error(`EXECABORT Transaction discarded because of: ${cause.message}`);
};

/** Writes MULTI, the commands and EXEC at once to one connection, between no other request's commands. */
export const transact = async (
  client: Redis | Cluster,
  commands: readonly Command[],
  replyMsMax: number,
): Promise<Error | readonly Reply[]> => {
  const pipeline = new Pipeline(client);
  // Lower case "exec" and the mark make ioredis follow a MOVED slot with the whole transaction or not at all.
  for (const command of [new RedisCommand("MULTI"), ...commands.map(toRedisCommand), new RedisCommand("exec")]) {
    command.inTransaction = true;
    pipeline.sendCommand(command);
  }
  try {
    const rows = await within(systemClock, replyMsMax, pipeline.exec() as Promise<Row[]>);
    const exec = rows === late ? undefined : rows.at(-1);
    if (rows === late || !exec) return new Fault("late");
    const replies = toReply(exec);
    if (replies instanceof Error) return discarded(replies, rows);
    return Array.isArray(replies) ? replies : new Fault("lost");
  } catch (error) {
    return error instanceof Error ? toReplyOrFault(error) : new Fault("lost");
  }
};
