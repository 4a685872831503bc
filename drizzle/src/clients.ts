import type { Sql } from "postgres";
import { createClient } from "./client.ts";

/** A postgres.js client for one statement. */
type Borrowed = {
  readonly sql: Sql;
  /** `sound`: the server answered, in time. */
  giveBack(sound: boolean): void;
};

export type Clients = {
  borrow(): Borrowed;
  /** Lets what runs end, for as long as a statement may take. */
  close(): Promise<void>;
};

export type ClientsOptions = {
  readonly url: string;
  readonly connectionsMax: number;
  readonly statementTimeoutMs: number;
};

/**
 * Ends clients beside the work and remembers those that have not ended yet. A statement that outlasts its own limit is
 * cut off; so is a client that lost a connection, whose end postgres.js otherwise never reports.
 */
const createEnding = (statementTimeoutMs: number) => {
  const timeout = statementTimeoutMs / 1_000;
  const ending = new Set<Promise<void>>();
  return {
    end: (sql: Sql): void => {
      const ended: Promise<void> = sql.end({ timeout }).finally(() => ending.delete(ended));
      ending.add(ended);
    },
    all: async (): Promise<void> => void (await Promise.all(ending)),
  };
};

/**
 * One shared client, replaced as soon as it was late or lost a connection: postgres.js 3.4.9 may have kept half a
 * message for the dead socket, and that connection then hangs for ever, also when the server is back (2026-11-21).
 */
export const createPooledClients = (options: ClientsOptions): Clients => {
  const { end, all } = createEnding(options.statementTimeoutMs);
  let sql = createClient(options);
  return {
    borrow: () => {
      const borrowed = sql;
      return {
        sql: borrowed,
        giveBack: (sound) => {
          if (sound || borrowed !== sql) return;
          sql = createClient(options);
          end(borrowed);
        },
      };
    },
    close: async () => {
      end(sql);
      await all();
    },
  };
};

/** A client for every statement. */
export const createSingleUseClients = (options: ClientsOptions): Clients => {
  const { end, all } = createEnding(options.statementTimeoutMs);
  return {
    borrow: () => {
      const sql = createClient({ ...options, connectionsMax: 1 });
      return { sql, giveBack: () => end(sql) };
    },
    close: all,
  };
};
