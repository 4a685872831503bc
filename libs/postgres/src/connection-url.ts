import { type PostgresSettings, settingsOf } from "./connection-settings.ts";
import { Refusal } from "./refusal.ts";

/** A server, or one of several that may be the one that takes writes. */
export type PostgresHost = {
  /** What a certificate must name, and what is dialled unless `address` is given. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  /** Of a server on this machine, instead of the network. */
  readonly socketPath: string | null;
};

/** Everything that a Postgres URL says. What it leaves out is undefined: libpq's own variables and defaults hold then. */
export type PostgresTarget = PostgresSettings & {
  readonly hosts: readonly [PostgresHost, ...PostgresHost[]];
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
};

export type ReadUrl =
  | { readonly kind: "usable"; readonly target: PostgresTarget }
  /** `reason` is one sentence that names the part and shows no value, since any of them may be a piece of the password. */
  | { readonly kind: "refused"; readonly reason: string };

const PORT = 5432;
const ESCAPES = "@ as %40, : as %3A, / as %2F, ? as %3F, # as %23, % as %25, a space as %20";
const UNESCAPED = `user and password must be percent-encoded (${ESCAPES})`;

/** `…` in pieces: user information, hosts, database, query. A URL parser of the web takes neither several hosts nor none. */
const SHAPE = /^postgres(?:ql)?:\/\/(?:([^/?#@]*)@)?([^/?#@]*)(?:\/([^/?#@]*))?(?:\?([^?#]*))?$/;

const decoded = (text: string): string => {
  try {
    const plain = decodeURIComponent(text);
    if (!plain.includes("\0")) return plain;
  } catch {
    throw new Refusal(`it has a % that begins no percent-encoding; ${UNESCAPED}`);
  }
  throw new Refusal("it has a %00, which Postgres takes nowhere");
};

const decodedOrNone = (text: string | undefined): string | undefined => (text ? decoded(text) : undefined);

const shapeOf = (url: string): RegExpExecArray => {
  if (!/^postgres(ql)?:\/\//.test(url))
    throw new Refusal("it must look like postgres://user:password@host:port/database");
  const spoiled = [...url].some((character) => character <= " " || character === "\x7f");
  if (spoiled) throw new Refusal("it has a space or a control character in it");
  const shape = SHAPE.exec(url);
  if (shape === null) throw new Refusal(`it has an @, /, ? or # too many; ${UNESCAPED}`);
  return shape;
};

const portOf = (text: string): number => {
  if (text === "") return PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new Refusal(`a port must be a number from 1 to 65535; ${UNESCAPED}`);
};

/** The host and the port of `host`, `host:port`, `[v6]` or `[v6]:port`, still encoded. */
const splitHost = (text: string): [string, string] => {
  const [, six, name = "", port = ""] = /^(?:\[([^[\]]*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(text) ?? [];
  if (six !== undefined || name !== "" || port !== "" || /^:?$/.test(text)) return [six ?? name, port];
  throw new Refusal(`an IPv6 address must be in brackets, as [::1]:5432; ${UNESCAPED}`);
};

const hostOf = (host: string, address: string, port: number): PostgresHost => {
  const name = host || address || "localhost";
  if (name.startsWith("@")) throw new Refusal("host names an abstract socket, which is not supported");
  const socketPath = name.startsWith("/") ? `${name}/.s.PGSQL.${port}` : null;
  return { host: name, address: address || name, port, socketPath };
};

const listOf = (text: string | null): readonly string[] => (text ? text.split(",") : []);

/** One value for all hosts, or one for each. */
const forEach = (name: string, values: readonly string[], hosts: number): readonly string[] => {
  if (values.length === hosts) return values;
  if (values.length <= 1) return Array.from({ length: hosts }, () => values[0] ?? "");
  throw new Refusal(`${name} must have one value, or one for each host`);
};

const hostsOf = (authority: string, parameters: URLSearchParams): PostgresTarget["hosts"] => {
  const written = authority.split(",").map(splitHost);
  const addresses = listOf(parameters.get("hostaddr"));
  const names = parameters.has("host") ? listOf(parameters.get("host")) : written.map(([host]) => decoded(host));
  const ports = parameters.has("port") ? listOf(parameters.get("port")) : written.map(([, port]) => decoded(port));
  const count = Math.max(names.length, addresses.length, 1);
  const [allNames, allAddresses] = [forEach("host", names, count), forEach("hostaddr", addresses, count)];
  const allPorts = forEach("port", ports, count).map(portOf);
  const [first, ...rest] = allPorts.map((port, at) => hostOf(allNames[at] ?? "", allAddresses[at] ?? "", port));
  return [first ?? hostOf("", "", PORT), ...rest];
};

/** libpq reads a + as itself, a browser as a space. */
const parametersOf = (query: string): URLSearchParams => {
  const pairs = query.split("&").filter((pair) => pair !== "");
  const read = new URLSearchParams();
  for (const pair of pairs) {
    const [name = "", value, more] = pair.split("=");
    if (value === undefined || more !== undefined)
      throw new Refusal(`each parameter after the ? must be name=value, with = in a value as %3D; ${UNESCAPED}`);
    // Else the name of a parameter, which is shown, could be a piece of the password.
    if (value.includes("@") && name !== "user") throw new Refusal(`it has an @ after the ?; ${UNESCAPED}`);
    read.set(decoded(name), decoded(value));
  }
  return read;
};

const OF_THE_URL: ReadonlySet<string> = new Set(["user", "password", "dbname", "host", "hostaddr", "port"]);

const targetOf = (url: string): PostgresTarget => {
  const [, login, authority = "", path, query = ""] = shapeOf(url);
  const [, user, password] = /^([^:]*)(?::(.*))?$/.exec(login ?? "") ?? [];
  const parameters = parametersOf(query);
  const hosts = hostsOf(authority, parameters);
  const others = [...parameters].filter(([name, value]) => !OF_THE_URL.has(name) && value !== "");
  return {
    ...settingsOf(new Map(others), hosts.length),
    hosts,
    user: parameters.get("user") || decodedOrNone(user),
    password: parameters.get("password") || decodedOrNone(password),
    database: parameters.get("dbname") || decodedOrNone(path),
  };
};

/**
 * Reads a Postgres URL as libpq does, with what Neon, Supabase, Prisma, Heroku and node-postgres add to it. It refuses
 * what can never work, so that an app says it at the start instead of having no outbox.
 */
export const readPostgresUrl = (url: string): ReadUrl => {
  try {
    return { kind: "usable", target: targetOf(url) };
  } catch (error) {
    if (error instanceof Refusal) return { kind: "refused", reason: error.message };
    throw error;
  }
};
