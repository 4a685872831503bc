import type { PostgresHost, PostgresTarget } from "./connection-url.ts";
import { readPostgresUrl } from "./connection-url.ts";
import { isSetting, isWrongHost } from "./failure.ts";

/** One way to reach the database: a host, and the manner in which it is asked. */
export type Way = {
  readonly target: PostgresTarget;
  readonly host: PostgresHost;
  /** As a pooler wants it: no prepared statements, no setting of ours when a connection starts. */
  readonly pooled: boolean;
};

/** Which way is taken now. It is kept until it fails, since several hosts are one that takes writes and its standbys. */
export type Route = {
  way(): Way;
  /** As often as this may one statement be tried. */
  readonly ways: number;
  /** To be called when a way failed. True: nothing was executed, and there is another way now. */
  leave(way: Way, error: unknown): boolean;
};

/** Throws when the URL can never work, without repeating it: it may hold a password. An app has asked `readPostgresUrl` before. */
export const createRoute = (url: string): Route => {
  const read = readPostgresUrl(url);
  if (read.kind === "refused") throw new Error("the Postgres URL does not parse", { cause: read.reason });
  const { target } = read;
  const { hosts } = target;
  let at = 0;
  let now: Way = { target, host: hosts[0], pooled: target.pooled };

  const another = (error: unknown): Way | null => {
    // Poolers before PgBouncer 1.21 know no prepared statements, many know no statement_timeout; none of them says who it is.
    if (isSetting(error) && !now.pooled) return { ...now, pooled: true };
    if (hosts.length === 1 || isSetting(error)) return null;
    at = (at + 1) % hosts.length;
    return { ...now, host: hosts[at] ?? hosts[0] };
  };

  return {
    way: () => now,
    ways: hosts.length + 1,
    leave: (way, error) => {
      const next = way === now ? another(error) : now;
      if (next === null) return false;
      now = next;
      return isSetting(error) || isWrongHost(error);
    },
  };
};
