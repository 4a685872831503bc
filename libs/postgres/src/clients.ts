import { systemClock } from "@spillway/event";
import type { Sql } from "postgres";
import { createClient } from "./client.ts";
import { isServerAnswer, isSetting, isWrongHost } from "./failure.ts";
import type { Route, Way } from "./route.ts";

/** A postgres.js client for one statement. */
type Borrowed = {
  readonly sql: Sql;
  /** The caller has its result. */
  giveBack(): void;
  /** The caller has this error, or waits no longer. True: nothing was executed, and there is another way to try it. */
  giveUp(error: unknown): boolean;
  /** The statement has its result, which may be long after its caller gave up. */
  over(): void;
};

export type Clients = {
  borrow(): Borrowed;
  /** Lets what runs end, for as long as a statement may take. */
  close(): Promise<void>;
};

export type ClientsOptions = {
  readonly route: Route;
  readonly connectionsMax: number;
  readonly statementTimeoutMs: number;
};

/** A client that knows how many of its statements run, which is how it knows when it can end. */
type Client = {
  readonly way: Way;
  readonly sql: Sql;
  began(): void;
  over(): void;
  /** Closes its sockets once nothing runs on them, or when a statement has had its time. Safe to repeat. */
  end(): Promise<void>;
};

/**
 * postgres.js never reports the graceful end of a client that lost a connection, and waiting for it took a statement's
 * whole time at every close: so its sockets are cut when our own count says that nothing runs.
 */
const openClient = (options: ClientsOptions): Client => {
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
    end: () => {
      ending ??= endOnceIdle();
      return ending;
    },
  };
};

/** Ends clients beside the work and remembers those that have not ended yet. */
const createEnding = () => {
  const ending = new Set<Promise<void>>();
  return {
    end: (client: Client): void => {
      const ended: Promise<void> = client.end().finally(() => ending.delete(ended));
      ending.add(ended);
    },
    all: async (): Promise<void> => void (await Promise.all(ending)),
  };
};

const borrowed = (client: Client, ways: Pick<Borrowed, "giveBack" | "giveUp">): Borrowed => {
  client.began();
  return { sql: client.sql, over: client.over, ...ways };
};

/** Whether the way is as good as before: the server answered, and would answer the same to everybody. */
const isSound = (error: unknown): boolean => isServerAnswer(error) && !isSetting(error) && !isWrongHost(error);

/**
 * One shared client, replaced as soon as it was late or lost a connection: postgres.js 3.4.9 may have kept half a
 * message for the dead socket, and that connection then hangs for ever, also when the server is back.
 */
export const createPooledClients = (options: ClientsOptions): Clients => {
  const { end, all } = createEnding();
  let shared = openClient(options);
  return {
    borrow: () => {
      const client = shared;
      return borrowed(client, {
        giveBack: () => undefined,
        giveUp: (error) => {
          if (isSound(error)) return false;
          const again = options.route.leave(client.way, error);
          if (client !== shared) return again;
          shared = openClient(options);
          end(client);
          return again;
        },
      });
    },
    close: async () => {
      end(shared);
      await all();
    },
  };
};

/** A client for every statement. */
export const createSingleUseClients = (options: ClientsOptions): Clients => {
  const { end, all } = createEnding();
  return {
    borrow: () => {
      const client = openClient({ ...options, connectionsMax: 1 });
      return borrowed(client, {
        giveBack: () => end(client),
        giveUp: (error) => {
          end(client);
          return !isSound(error) && options.route.leave(client.way, error);
        },
      });
    },
    close: all,
  };
};
