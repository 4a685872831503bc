import postgres, { type Sql } from "postgres";
import { tlsDial } from "./dial.ts";
import type { Way } from "./route.ts";

export type ClientOptions = {
  readonly way: Way;
  readonly connectionsMax: number;
  /** The server ends a statement after this; 0 for never. A pooler takes no such setting. */
  readonly statementTimeoutMs: number;
  /** For a connection that listens. */
  readonly onNotify?: () => void;
  readonly onClose?: () => void;
};

const CONNECT_TIMEOUT_S = 2;
const IDLE_TIMEOUT_S = 30;
const KEEPALIVE_S = 60;
/** postgres.js waits up to 20 s before it dials again after an outage; whoever calls us has a breaker of their own. */
const RECONNECT_DELAY_S = 0.05;

/**
 * postgres.js rejects the statement that waits for a connection with what this throws. The server says it of itself
 * when the connection starts; what `target_session_attrs` of postgres.js asks, a standby answers as a primary does.
 */
const refuseReadOnly = (name: string, value: string): void => {
  if (value !== "on" || !["in_hot_standby", "default_transaction_read_only"].includes(name)) return;
  throw Object.assign(new Error("this server takes no writes"), { code: "25006" });
};

const startupOf = ({ target, pooled }: Way, statementTimeoutMs: number) => ({
  application_name: "spillway",
  ...(pooled ? {} : { statement_timeout: statementTimeoutMs }),
  ...target.startup,
});

const optionsOf = ({ way, ...options }: ClientOptions) => {
  const { target, host, pooled } = way;
  const connectTimeoutS = target.connectTimeoutS ?? CONNECT_TIMEOUT_S;
  return {
    // Lists, because postgres.js takes a name apart at its colons, of which an IPv6 address has several.
    host: [host.address],
    port: [host.port],
    ...(host.socketPath !== null && { path: host.socketPath }),
    ...(target.user !== undefined && { user: target.user }),
    ...(target.password !== undefined && { password: target.password }),
    ...(target.database !== undefined && { database: target.database }),
    max: options.connectionsMax,
    ssl: false,
    socket: target.tls !== null && host.socketPath === null ? tlsDial(host, target.tls, connectTimeoutS) : undefined,
    connect_timeout: connectTimeoutS,
    idle_timeout: IDLE_TIMEOUT_S,
    keep_alive: target.keepaliveS ?? KEEPALIVE_S,
    prepare: target.prepared && !pooled,
    backoff: () => RECONNECT_DELAY_S,
    fetch_types: false,
    onnotice: () => undefined,
    onparameter: target.writable ? refuseReadOnly : undefined,
    // `sql.listen` would reconnect by itself, once, and then be silent for ever.
    onnotify: options.onNotify,
    onclose: options.onClose,
    connection: startupOf(way, options.statementTimeoutMs),
  };
};

/** A postgres.js client that prints nothing, closes idle connections and names itself. Connects when first used. */
export const createClient = (options: ClientOptions): Sql => {
  // The typings know neither `socket` nor `onnotify`, nor lists of hosts.
  const ours: object = optionsOf(options);
  return postgres(ours);
};
