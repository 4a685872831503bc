import { late, systemClock, within } from "@spillway/event";
import { Pipeline, Redis } from "ioredis";
import {
  type Backend,
  type BackendOptions,
  connectionOptions,
  faults,
  type Row,
  toRedisCommand,
  toReply,
} from "./backend.ts";
import { type Clients, createClients } from "./clients.ts";
import { Fault } from "./fault.ts";
import { transact } from "./transaction.ts";

/** One Redis server: a request's commands are one write on one of its connections. */
export const createSingle = (url: string, options: BackendOptions): Backend => {
  const settings = { ...connectionOptions(options), enableOfflineQueue: false, stringNumbers: true };
  const clients: Clients<Redis> = createClients(() => new Redis(url, settings), options);
  return {
    connect: clients.connect,
    close: clients.close,
    async run(commands) {
      const client = clients.next();
      if (!client) return faults(commands, clients.fault());
      const pipeline = new Pipeline(client);
      for (const command of commands) pipeline.sendCommand(toRedisCommand(command));
      const rows = await within(systemClock, options.replyMsMax, pipeline.exec() as Promise<Row[]>);
      return rows === late ? faults(commands, new Fault("late")) : rows.map(toReply);
    },
    async transact(commands) {
      const client = clients.next();
      return client ? transact(client, commands, options.replyMsMax) : clients.fault();
    },
  };
};
