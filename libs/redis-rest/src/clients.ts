import { systemClock, within } from "@spillway/event";
import { type Cluster, type Redis, ReplyError } from "ioredis";
import type { Backend, BackendOptions } from "./backend.ts";
import type { Command } from "./command.ts";
import { Fault } from "./fault.ts";
import type { Reply } from "./reply.ts";
import { transact } from "./transaction.ts";

const NO_SUCH_DATABASE = "no such database";

/** A code such as ECONNREFUSED, or the first word of Redis's error; the text itself may hold more than a log should. */
const codeOf = (error: Error): string => {
  if (error.message.includes("DB index")) return NO_SUCH_DATABASE;
  if ("code" in error && typeof error.code === "string") return error.code;
  if (error.message.startsWith("Socket timeout")) return "no reply";
  return error.message.split(" ", 1)[0] ?? error.name;
};

/** After a refused SELECT ioredis emits this and goes on, in database 0, where another installation's keys may be. */
const isRefusedSelect = (error: Error): boolean =>
  error instanceof ReplyError && (error as { command?: { name?: unknown } }).command?.name === "select";

/** How a request's commands get to a server or to a cluster. */
type Way<Client> = {
  create(): Client;
  /** Resolves when the client is ready; it goes on trying by itself when it is not. */
  dial(client: Client): Promise<void>;
  send(client: Client, commands: readonly Command[]): Promise<Reply[]>;
};

/** A fixed number of clients of one Redis, used in turn. Logs when the first of them is ready and when the last is lost. */
export const createBackend = <Client extends Redis | Cluster>(
  { create, dial, send }: Way<Client>,
  { connections, log, replyMsMax }: BackendOptions,
): Backend => {
  const clients = Array.from({ length: connections }, create);
  const ready = new Set<Client>();
  /** In another database than theirs, on their way out. What ioredis still says of them is no news. */
  const elsewhere = new Set<Client>();
  let reason = "closed";
  let turn = 0;
  for (const client of clients) {
    client.on("error", (error: Error) => {
      if (elsewhere.has(client)) return;
      reason = codeOf(error);
      if (ready.size === 0) report(`redis: not connected (${reason})`);
      if (!isRefusedSelect(error)) return;
      elsewhere.add(client);
      client.disconnect(true);
    });
    client.on("ready", () => {
      ready.add(client);
      reason = "closed";
      report("redis: connected");
    });
    client.on("close", () => {
      elsewhere.delete(client);
      if (ready.delete(client) && ready.size === 0) report(`redis: connection lost (${reason})`);
    });
  }
  /** The last line; undefined when the end is ours and no news. */
  let reported: string | undefined = "";
  const report = (line: string) => {
    if (reported === undefined || line === reported) return;
    reported = line;
    log(line);
  };
  /** The next client that is ready to send now, or why there is none. */
  const next = (): Client | Fault => {
    for (let tried = 0; tried < clients.length; tried += 1) {
      turn = (turn + 1) % clients.length;
      const client = clients[turn];
      if (client?.status === "ready") return client;
    }
    return new Fault(reason === NO_SUCH_DATABASE ? "noDatabase" : "unavailable");
  };
  return {
    connect: async () => {
      await within(systemClock, replyMsMax, Promise.allSettled(clients.map(dial)));
    },
    run: async (commands) => {
      const client = next();
      return client instanceof Fault ? commands.map(() => client) : send(client, commands);
    },
    transact: async (commands) => {
      const client = next();
      return client instanceof Fault ? client : transact(client, commands, replyMsMax);
    },
    close: () => {
      reported = undefined;
      for (const client of clients) client.disconnect();
    },
  };
};
