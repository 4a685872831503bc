import type { Sql } from "postgres";
import { createPooledClients, createSingleUseClients } from "./clients.ts";
import { late, within } from "./deadline.ts";
import { failureCode, isServerAnswer } from "./failure.ts";
import { type Listening, listen } from "./listen.ts";
import { createPermits } from "./permits.ts";

export type DatabaseOptions = {
  readonly url: string;
  /** Connections, and so statements at work at once. Default 4. */
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
 * uncaught exception) or to the next session, outside of any transaction (both reproduced, 2026-11-21). So what must
 * be atomic is one statement.
 */
export type Database = {
  /**
   * Runs one statement; `work` uses the client once. Answers, or rejects with `DatabaseFailure`, within `deadlineMs`.
   * A statement past its deadline may still happen. Nothing is repeated.
   */
  run<T>(deadlineMs: number, work: (sql: Sql) => PromiseLike<T>): Promise<T>;
  /** Calls `onWake` after every notification on a channel, and after every (re)connect, since some were missed. */
  listen(channel: string, onWake: () => void): Listening;
  /** Lets what runs end, for as long as a statement may take. */
  close(): Promise<void>;
};

const settled = async <T>(work: () => PromiseLike<T>, done: () => void): Promise<T> => {
  try {
    return await work();
  } finally {
    done();
  }
};

export const openDatabase = (options: DatabaseOptions): Database => {
  const { url, connectionsMax = 4, waitingMax = 256, statementTimeoutMs = 2_000, pooled = true } = options;
  const createClients = pooled ? createPooledClients : createSingleUseClients;
  const clients = createClients({ url, connectionsMax, statementTimeoutMs });
  const permits = createPermits(connectionsMax, waitingMax);

  return {
    run: async (deadlineMs, work) => {
      const startedMs = performance.now();
      const done = await permits.take(deadlineMs);
      if (done === null) throw new DatabaseFailure("busy");
      const { sql, giveBack, over } = clients.borrow();
      // The permit is held until the statement is over, not until its deadline: a frozen server gets no more of them.
      const running = settled(
        () => work(sql),
        () => {
          over();
          done();
        },
      );
      try {
        const result = await within(deadlineMs - (performance.now() - startedMs), running);
        giveBack(true);
        return result;
      } catch (error) {
        giveBack(isServerAnswer(error));
        throw new DatabaseFailure(error === late ? "timeout" : failureCode(error));
      }
    },
    listen: (channel, onWake) => listen(url, channel, onWake),
    close: () => clients.close(),
  };
};
