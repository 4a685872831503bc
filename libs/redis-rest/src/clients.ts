import { systemClock, within } from "@spillway/event";
import { type Cluster, type Redis, ReplyError } from "ioredis";
import type { BackendOptions } from "./backend.ts";
import { Fault } from "./fault.ts";

/** A fixed number of clients of one Redis, used in turn. */
export type Clients<Client> = {
  readonly all: readonly Client[];
  connect(): Promise<void>;
  /** The next client that is ready to send now, if any. */
  next(): Client | undefined;
  /** Why there is none. */
  fault(): Fault;
  close(): void;
};

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

/** Creates the clients and logs when the first of them is ready and when the last of them is lost. */
export const createClients = <Client extends Redis | Cluster>(
  create: () => Client,
  { connections, log, replyMsMax }: BackendOptions,
): Clients<Client> => {
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
  return {
    all: clients,
    connect: async () => {
      const attempts = clients.map((client) => client.connect());
      await within(systemClock, replyMsMax, Promise.allSettled(attempts));
    },
    next: () => {
      for (let tried = 0; tried < clients.length; tried += 1) {
        turn = (turn + 1) % clients.length;
        const client = clients[turn];
        if (client?.status === "ready") return client;
      }
      return undefined;
    },
    fault: () => new Fault(reason === NO_SUCH_DATABASE ? "noDatabase" : "unavailable"),
    close: () => {
      reported = undefined;
      for (const client of clients) client.disconnect();
    },
  };
};
