import { late, systemClock, within } from "@spillway/event";
import { Pipeline, Redis } from "ioredis";
import { type Backend, type BackendOptions, connectionOptions, type Row, toRedisCommand, toReply } from "./backend.ts";
import { createBackend } from "./clients.ts";
import { Fault } from "./fault.ts";

/** One Redis server: a request's commands are one write on one of its connections. */
export const createSingle = (url: string, options: BackendOptions): Backend => {
  const settings = { ...connectionOptions(options), enableOfflineQueue: false, stringNumbers: true };
  return createBackend(
    {
      create: () => new Redis(url, settings),
      dial: (client) => client.connect(),
      async send(client, commands) {
        const pipeline = new Pipeline(client);
        for (const command of commands) pipeline.sendCommand(toRedisCommand(command));
        const rows = await within(systemClock, options.replyMsMax, pipeline.exec() as Promise<Row[]>);
        return rows === late ? commands.map(() => new Fault("late")) : rows.map(toReply);
      },
    },
    options,
  );
};
