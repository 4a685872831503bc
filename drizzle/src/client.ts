import postgres, { type Sql } from "postgres";

export type ClientOptions = {
  /** `postgres://…`; several hosts and `?search_path=`, `?sslmode=`, `?prepare=false` work as in postgres.js. */
  readonly url: string;
  readonly connectionsMax: number;
  /** The server ends a statement after this; 0 for never. */
  readonly statementTimeoutMs: number;
  /** For a connection that listens: it is not closed for being idle. */
  readonly onNotify?: () => void;
  readonly onClose?: () => void;
};

const CONNECT_TIMEOUT_S = 2;
const IDLE_TIMEOUT_S = 30;
/** postgres.js waits up to 20 s before it dials again after an outage; whoever calls us has a breaker of their own. */
const RECONNECT_DELAY_S = 0.05;

/**
 * postgres.js takes `require`, `prefer` and `allow` as "encrypt, but believe any certificate", which protects from
 * nobody on the way: everything but `disable` is verified here.
 */
const sslOf = (url: string): "verify-full" | false => {
  const mode = /[?&]sslmode=([^&]*)/.exec(url)?.[1] ?? "disable";
  return mode === "disable" ? false : "verify-full";
};

const optionsOf = (options: ClientOptions) => ({
  max: options.connectionsMax,
  ssl: sslOf(options.url),
  connect_timeout: CONNECT_TIMEOUT_S,
  idle_timeout: options.onNotify ? 0 : IDLE_TIMEOUT_S,
  backoff: () => RECONNECT_DELAY_S,
  fetch_types: false,
  onnotice: () => undefined,
  // Missing in the typings; `sql.listen` would reconnect by itself, once, and then be silent for ever.
  onnotify: options.onNotify,
  onclose: options.onClose,
  connection: { application_name: "spillway", statement_timeout: options.statementTimeoutMs },
});

/**
 * A postgres.js client that prints nothing, closes idle connections and names itself `spillway`. Connects when first
 * used. Throws when the URL does not parse, without repeating it: it may hold a password.
 */
export const createClient = (options: ClientOptions): Sql => {
  try {
    return postgres(options.url, optionsOf(options));
  } catch {
    throw new Error("the Postgres URL does not parse");
  }
};
