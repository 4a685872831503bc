import { systemClock } from "@spillway/event";
import { createClient } from "./client.ts";
import { isServerAnswer, isSetting, isWrongHost } from "./failure.ts";
import type { Route } from "./route.ts";

export type Clients = ReturnType<typeof createClients>;

export type ClientsOptions = {
  readonly route: Route;
  readonly connectionsMax: number;
  readonly statementTimeoutMs: number;
  /** Else a client for every statement. */
  readonly pooled: boolean;
};

type Client = ReturnType<typeof openClient>;

/**
 * A client that knows how many of its statements run, which is how it knows when it can end: postgres.js never reports the
 * graceful end of a client that lost a connection, and waiting for it took a statement's whole time at every close. So its
 * sockets are cut when our own count says that nothing runs.
 */
const openClient = (options: ClientsOptions) => {
  const way = options.route.way();
  const sql = createClient({ ...options, way });
  const idle = new AbortController();
  let running = 0;
  let ending: Promise<void> | null = null;
  const endOnceIdle = async (): Promise<void> => {
    if (running > 0) await systemClock.sleep(options.statementTimeoutMs, idle.signal);
    await sql.end({ timeout: 0 });
  };
  return {
    way,
    sql,
    began: () => {
      running++;
    },
    over: () => {
      running--;
      if (ending !== null && running === 0) idle.abort();
    },
    /** Closes its sockets once nothing runs on them, or when a statement has had its time. Safe to repeat. */
    end: () => {
      ending ??= endOnceIdle();
      return ending;
    },
  };
};

/** Whether the way is as good as before: the server answered, and would answer the same to everybody. */
const isSound = (error: unknown): boolean => isServerAnswer(error) && !isSetting(error) && !isWrongHost(error);

/**
 * One shared client, or one for every statement. The shared one is replaced as soon as it was late or lost a connection:
 * postgres.js 3.4.9 may have kept half a message for the dead socket, and that connection then hangs for ever, also when
 * the server is back.
 */
export const createClients = (options: ClientsOptions) => {
  const { route, pooled } = options;
  /** Clients that end beside the work. */
  const ending = new Set<Promise<void>>();
  let shared = pooled ? openClient(options) : null;

  const end = (client: Client): void => {
    const ended: Promise<void> = client.end().finally(() => ending.delete(ended));
    ending.add(ended);
  };
  return {
    /** A postgres.js client for one statement. */
    borrow: () => {
      const client = shared ?? openClient({ ...options, connectionsMax: 1 });
      client.began();
      return {
        sql: client.sql,
        /** The caller has its result. */
        giveBack: () => {
          if (!pooled) end(client);
        },
        /** The caller has this error, or waits no longer. True: nothing was executed, and there is another way to try it. */
        giveUp: (error: unknown): boolean => {
          const sound = isSound(error);
          const again = !sound && route.leave(client.way, error);
          if (!sound && client === shared) shared = openClient(options);
          if (client !== shared) end(client);
          return again;
        },
        /** The statement has its result, which may be long after its caller gave up. */
        over: client.over,
      };
    },
    /** Lets what runs end, for as long as a statement may take. */
    close: async (): Promise<void> => {
      if (shared !== null) end(shared);
      await Promise.all(ending);
    },
  };
};
