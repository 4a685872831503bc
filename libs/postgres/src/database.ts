import { late, systemClock, within } from "@spillway/event";
import type { Sql } from "postgres";
import { type Clients, createClients } from "./clients.ts";
import { failureCode } from "./failure.ts";
import { type Listening, listen } from "./listen.ts";
import { createPermits } from "./permits.ts";
import { createRoute } from "./route.ts";

/** How long one statement may take, on the server and for whoever waits for it, where nothing else is said. */
export const STATEMENT_MS = 2_000;

export type DatabaseOptions = {
  /** As `readPostgresUrl` reads it. */
  readonly url: string;
  /** Connections, and so statements at work at once; less when the URL has a `connection_limit`. Default 4. */
  readonly connectionsMax?: number;
  /** Statements that may wait for a connection; more are refused with `busy`. Default 256. */
  readonly waitingMax?: number;
  /** The server ends a statement after this. Default 2,000. */
  readonly statementTimeoutMs?: number;
  /**
   * False opens a connection for every statement and closes it afterwards. For Workers, where a socket belongs to the
   * request that opened it: a pool in module scope failed 20 of 40 requests. Default true.
   */
  readonly pooled?: boolean;
};

/** A statement that failed, or whose answer did not come in time: then nobody knows whether it happened. */
export class DatabaseFailure extends Error {
  /** From the table in failure.ts; safe to log. The vendor's error is not attached, since it holds payloads. */
  readonly code: string;

  constructor(code: string) {
    super(`Postgres: ${code}`);
    this.name = "DatabaseFailure";
    this.code = code;
  }
}

/**
 * A bounded pool that heals by itself. There are no transactions over several round trips, on purpose: when a
 * connection is lost inside `sql.begin`, postgres.js 3.4.9 sends the statements that follow to a closed socket (an
 * uncaught exception) or to the next session, outside of any transaction (both reproduced: P1). So what must
 * be atomic is one statement.
 */
export type Database = {
  /**
   * Runs one statement; `work` uses the client once. Answers, or rejects with `DatabaseFailure`, within `deadlineMs`.
   * A statement past its deadline may still happen. Nothing that may have been executed is repeated.
   */
  run<T>(deadlineMs: number, work: (sql: Sql) => PromiseLike<T>): Promise<T>;
  /** Calls `onWake` after every notification on a channel, and after every (re)connect, since some were missed. */
  listen(channel: string, onWake: () => void): Listening;
  /** Lets what runs end, for as long as a statement may take. */
  close(): Promise<void>;
};

/**
 * Runs the statement; again, as long as nothing was executed and there is another host or manner to ask. `over` when
 * the statement that was sent last has its result, which may be long after `giveUp`, when the caller waits no longer.
 */
const createAttempts = (clients: Clients, ways: number) => {
  let borrowed = clients.borrow();
  const once = async <T>(work: (sql: Sql) => PromiseLike<T>): Promise<T> => {
    const { sql, giveBack, over } = borrowed;
    try {
      const result = await work(sql);
      giveBack();
      return result;
    } finally {
      over();
    }
  };
  return {
    run: async <T>(work: (sql: Sql) => PromiseLike<T>, leftMs: () => number): Promise<T> => {
      for (let left = ways; ; left--)
        try {
          return await once(work);
        } catch (error) {
          if (!borrowed.giveUp(error) || left <= 1 || leftMs() <= 0) throw error;
          borrowed = clients.borrow();
        }
    },
    giveUp: () => void borrowed.giveUp(late),
  };
};

/** Throws when the URL can never work, as `readPostgresUrl` says it; the message does not repeat it. */
export const openDatabase = (options: DatabaseOptions): Database => {
  const { url, waitingMax = 256, statementTimeoutMs = STATEMENT_MS, pooled = true } = options;
  const route = createRoute(url);
  const connectionsMax = Math.min(options.connectionsMax ?? 4, route.way().target.connectionsMax ?? Infinity);
  const clients = createClients({ route, connectionsMax, statementTimeoutMs, pooled });
  const permits = createPermits(connectionsMax, waitingMax);

  return {
    run: async (deadlineMs, work) => {
      const startedMs = performance.now();
      const leftMs = () => deadlineMs - (performance.now() - startedMs);
      const done = await permits.take(deadlineMs);
      if (done === null) throw new DatabaseFailure("busy");
      const attempts = createAttempts(clients, route.ways);
      // The permit is held until the statement is over, not until its deadline: a frozen server gets no more of them.
      const running = attempts.run(work, leftMs).finally(done);
      try {
        const answer = await within(systemClock, leftMs(), running);
        if (answer !== late) return answer;
      } catch (error) {
        throw new DatabaseFailure(failureCode(error));
      }
      attempts.giveUp();
      throw new DatabaseFailure("timeout");
    },
    listen: (channel, onWake) => listen(route, channel, onWake),
    close: clients.close,
  };
};
