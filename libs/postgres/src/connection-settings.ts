import { Refusal } from "./refusal.ts";

export type PostgresTls = {
  /** `host`: the certificate is vouched for and names the host. `authority`: vouched for. `nothing`: any certificate. */
  readonly verified: "host" | "authority" | "nothing";
  /** Goes on without TLS when the server offers none. */
  readonly optional: boolean;
  /** The server speaks TLS from the first byte (Postgres 17). */
  readonly direct: boolean;
  /** Paths of PEM files; undefined: the authorities of the runtime. */
  readonly authorityFile: string | undefined;
  readonly certificateFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly keyPassphrase: string | undefined;
  readonly versionMin: TlsVersion | undefined;
  readonly versionMax: TlsVersion | undefined;
};

const VERSIONS = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;
type TlsVersion = (typeof VERSIONS)[number];

/** What the parameters of a Postgres URL ask for. */
export type PostgresSettings = {
  readonly tls: PostgresTls | null;
  readonly connectTimeoutS: number | undefined;
  /** Seconds of silence before TCP asks whether the server is there; 0 for never. */
  readonly keepaliveS: number | undefined;
  /** A pooler that gives each transaction another connection: no prepared statements, no settings of a session. */
  readonly pooled: boolean;
  readonly prepared: boolean;
  /** A server that takes no writes is passed over. */
  readonly writable: boolean;
  /** At most as many connections in a pool. */
  readonly connectionsMax: number | undefined;
  /** Sent when a connection starts: settings of the server. */
  readonly startup: Readonly<Record<string, string>>;
};

type Parameters = ReadonlyMap<string, string>;

const accepts = (name: string, what: string): Refusal => new Refusal(`${name} accepts ${what}`);

const oneOf = <T extends string>(given: Parameters, name: string, values: readonly T[]): T | undefined => {
  const value = given.get(name);
  const found = values.find((known) => known === value);
  if (value !== undefined && found === undefined) throw accepts(name, values.join(", "));
  return found;
};

const flag = (given: Parameters, name: string): boolean | undefined => {
  const value = oneOf(given, name, ["true", "false", "1", "0", "yes", "no", "on", "off"]);
  return value === undefined ? undefined : ["true", "1", "yes", "on"].includes(value);
};

const whole = (given: Parameters, name: string, max: number): number | undefined => {
  const value = given.get(name);
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value) && Number(value) <= max) return Number(value);
  throw accepts(name, `a whole number up to ${max}`);
};

/** Harmless here: of another driver's pool, of GSSAPI, or finer than what a runtime's sockets can do. */
const IGNORED: ReadonlySet<string> = new Set(
  `pool_timeout socket_timeout pool_size pool_mode max idle_timeout max_lifetime max_pipeline keep_alive fetch_types
  supa workaround uselibpqcompat load_balance_hosts keepalives_interval keepalives_count tcp_user_timeout
  gssencmode gssdelegation gsslib krbsrvname sslcompression sslcertmode sslsni`.split(/\s+/),
);

const READ = new Set(
  `sslmode ssl sslaccept channel_binding sslnegotiation sslrootcert sslcert sslkey sslpassword ssl_min_protocol_version
  ssl_max_protocol_version connect_timeout keepalives keepalives_idle pgbouncer prepare no_prepare statement_cache_size
  target_session_attrs connection_limit application_name fallback_application_name options schema client_encoding
  min_protocol_version max_protocol_version`.split(/\s+/),
);

/** Settings of the server that a client may bring along; a name with a dot is an extension's, which any server takes. */
const OF_THE_SERVER =
  /^(search_path|statement_timeout|lock_timeout|transaction_timeout|idle_in_transaction_session_timeout|idle_session_timeout|timezone|role|work_mem|jit|synchronous_commit|client_min_messages|default_transaction_isolation|log_min_duration_statement|\w+\.\w+)$/i;

const NOT_HERE: Readonly<Record<string, string>> = {
  service: "write what the service file says into the URL",
  servicefile: "write what the service file says into the URL",
  passfile: "write the password into the URL",
  require_auth: "it would not be kept; sslmode=verify-full is what protects the password",
  requirepeer: "it would not be kept",
  sslcrl: "lists of revoked certificates are not read",
  sslcrldir: "lists of revoked certificates are not read",
  sslidentity: "give sslcert and sslkey as PEM files",
  replication: "Spillway writes rows",
  sslkeylogfile: "keys of a session are not written to a file",
};

const refuseUnknown = (given: Parameters): void => {
  for (const name of given.keys()) {
    if (NOT_HERE[name] !== undefined) throw new Refusal(`${name} is not supported: ${NOT_HERE[name]}`);
    if (READ.has(name) || IGNORED.has(name) || OF_THE_SERVER.test(name)) continue;
    const shown = /^\w{1,64}$/.test(name) ? name : "a name after the ?";
    throw new Refusal(
      `${shown} is no parameter that is known; a setting of the server is written options=-c%20name%3Dvalue`,
    );
  }
};

const SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full", "no-verify"] as const;
type SslMode = (typeof SSL_MODES)[number];

/** The mode under the names that libpq (`sslmode`), node-postgres (`ssl`) and Prisma (`sslaccept`) have for it. */
const sslModeOf = (given: Parameters): SslMode | undefined => {
  const mode = oneOf(given, "sslmode", SSL_MODES);
  const [ssl, access] = [oneOf(given, "ssl", ["true", "false", "1", "0", ...SSL_MODES]), given.get("sslaccept")];
  oneOf(given, "sslaccept", ["strict", "accept_invalid_certs"]);
  const asked = mode ?? (ssl === "true" || ssl === "1" ? "require" : ssl === "false" || ssl === "0" ? "disable" : ssl);
  if (access === undefined || asked === "disable") return asked;
  return access === "strict" ? "verify-full" : "no-verify";
};

const verifiedOf = (mode: SslMode, ownAuthority: boolean): PostgresTls["verified"] => {
  if (mode === "no-verify") return "nothing";
  return mode === "verify-ca" || (mode !== "verify-full" && ownAuthority) ? "authority" : "host";
};

/**
 * libpq binds the login to the TLS session with `channel_binding=require`, so that nobody in between can pass it on.
 * postgres.js cannot (it speaks SCRAM-SHA-256 without -PLUS); a certificate that is verified keeps the same people out.
 */
const tlsOf = (given: Parameters): PostgresTls | null => {
  const bound = oneOf(given, "channel_binding", ["disable", "prefer", "require"]) === "require";
  const direct = oneOf(given, "sslnegotiation", ["postgres", "direct"]) === "direct";
  const [root, certificateFile, keyFile] = ["sslrootcert", "sslcert", "sslkey"].map((name) => given.get(name));
  if ((certificateFile === undefined) !== (keyFile === undefined))
    throw new Refusal("sslcert and sslkey need each other");
  const meant = bound || direct || root !== undefined || certificateFile !== undefined;
  const asked = sslModeOf(given) ?? (meant ? "require" : "disable");
  if (bound && ["disable", "no-verify"].includes(asked))
    throw new Refusal(`channel_binding=require needs a verified certificate, and sslmode=${asked} verifies none`);
  if (direct && ["disable", "allow", "prefer"].includes(asked))
    throw new Refusal(`sslnegotiation=direct needs sslmode=require or stronger, and sslmode is ${asked}`);
  if (asked === "disable") return null;
  const mode = root === "system" || (bound && asked !== "verify-ca") ? "verify-full" : asked;
  return {
    verified: verifiedOf(mode, root !== undefined),
    optional: !bound && (asked === "allow" || asked === "prefer"),
    direct,
    authorityFile: root === "system" ? undefined : root,
    certificateFile,
    keyFile,
    keyPassphrase: given.get("sslpassword"),
    versionMin: oneOf(given, "ssl_min_protocol_version", VERSIONS),
    versionMax: oneOf(given, "ssl_max_protocol_version", VERSIONS),
  };
};

const startupOf = (given: Parameters): Record<string, string> => {
  const startup: Record<string, string> = {};
  for (const [name, value] of given) if (OF_THE_SERVER.test(name) || name === "options") startup[name] = value;
  const name = given.get("application_name") || given.get("fallback_application_name");
  if (name) startup.application_name = name;
  // Prisma's word; quoted, since it is one name and search_path is a list.
  const schema = given.get("schema");
  if (schema) startup.search_path = `"${schema.replaceAll('"', '""')}"`;
  return startup;
};

/** Of `target_session_attrs`. */
const WRITABLE = ["any", "read-write", "primary"];

const refuseWhatCannotWork = (given: Parameters): void => {
  const session = oneOf(given, "target_session_attrs", [...WRITABLE, "read-only", "standby", "prefer-standby"]);
  if (session !== undefined && !WRITABLE.includes(session))
    throw new Refusal(
      `target_session_attrs=${session} finds a server that takes no writes; accepts ${WRITABLE.join(", ")}`,
    );
  if (!/^(auto|utf-?8|unicode)?$/i.test(given.get("client_encoding") ?? "")) throw accepts("client_encoding", "UTF8");
  if (given.get("gssencmode") === "require") throw new Refusal("gssencmode=require is not supported: use sslmode");
  if (!["3.0", undefined].includes(given.get("min_protocol_version"))) throw accepts("min_protocol_version", "3.0");
};

/** Reads the parameters of a Postgres URL. Throws `Refusal` for one that can never work. */
export const settingsOf = (given: Parameters, hosts: number): PostgresSettings => {
  refuseUnknown(given);
  refuseWhatCannotWork(given);
  const session = given.get("target_session_attrs");
  const pooled = flag(given, "pgbouncer") ?? false;
  const prepared = (flag(given, "prepare") ?? true) && !flag(given, "no_prepare");
  const keepalive = flag(given, "keepalives") === false ? 0 : whole(given, "keepalives_idle", 86_400) || undefined;
  return {
    tls: tlsOf(given),
    connectTimeoutS: whole(given, "connect_timeout", 600) || undefined,
    keepaliveS: keepalive,
    pooled,
    prepared: prepared && !pooled && whole(given, "statement_cache_size", 1_000_000) !== 0,
    writable: session === undefined ? hosts > 1 : session !== "any",
    connectionsMax: whole(given, "connection_limit", 1_000) || undefined,
    startup: startupOf(given),
  };
};
