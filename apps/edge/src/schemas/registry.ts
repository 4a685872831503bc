import type { Clock, Platform } from "@spillway/event";
import { type ApiKey, createKeyRing } from "../auth/api-key.ts";
import type { KnownType, KnownVersion, SchemaCache } from "./cache.ts";

/* The read API of the Confluent Schema Registry, as far as tools need it to find schemas: a subject is a type. */
const CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";

const answer = (status: number, body: unknown, requestId: string, headers?: Readonly<Record<string, string>>) =>
  new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": CONTENT_TYPE,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "x-request-id": requestId,
      ...headers,
    },
  });

/** The registry's own numbers. */
const failures = {
  40101: [401, "Unauthorized: a key of the edge, as Bearer <key> or as the password of Basic"],
  40401: [404, "Subject not found."],
  40402: [404, "Version not found."],
  40403: [404, "Schema not found."],
  42202: [422, 'The specified version is not a valid version id: a whole number from 1, or "latest".'],
  50001: [500, "Error in the backend datastore: Postgres has not answered since this edge started."],
} as const;
type Failure = keyof typeof failures;

const failed = (error_code: Failure, requestId: string): Response => {
  const [status, message] = failures[error_code];
  const headers = status === 401 ? { "www-authenticate": 'Basic realm="spillway"' } : undefined;
  return answer(status, { error_code, message }, requestId, headers);
};

/** The parts of a path, each decoded by itself: a type may have a slash. */
const partsOf = (url: string): readonly string[] =>
  new URL(url).pathname
    .split("/")
    .filter((part) => part !== "")
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        // Nothing is called so, and 404 says it.
        return part;
      }
    });

const basic = /^basic[ \t]+([A-Za-z0-9+/]+={0,2})$/i;

/** Tools of Kafka know a name and a password: the name is anything, the password the key. */
const bearerOf = (authorization: string | null): string | null => {
  const [, credentials] = basic.exec(authorization ?? "") ?? [];
  if (credentials === undefined || credentials.length > 1_024) return authorization;
  try {
    return `Bearer ${atob(credentials).replace(/^[^:]*:/, "")}`;
  } catch {
    // No base64, so no key.
    return null;
  }
};

const versionOf = ({ versions, latest }: KnownType, name: string): KnownVersion | Failure => {
  if (name === "latest" || name === "-1") return latest;
  if (!/^[1-9][0-9]{0,9}$/.test(name)) return 42202;
  return versions.find(({ version }) => version === Number(name)) ?? 40402;
};

/** What is asked for by the parts of its path; a number is why there is no answer. */
type Ask = (cache: Pick<SchemaCache, "find" | "all">, parts: readonly string[]) => object | Failure;

const asks = {
  "/subjects": (cache) =>
    cache
      .all()
      .map(({ type }) => type)
      .toSorted(),
  "/subjects/{subject}/versions": (cache, [, subject = ""]) =>
    cache.find(subject)?.versions.map(({ version }) => version) ?? 40401,
  "/subjects/{subject}/versions/{version}": (cache, [, subject = "", , name = ""]) => {
    const known = cache.find(subject);
    const found = known === undefined ? 40401 : versionOf(known, name);
    if (typeof found === "number") return found;
    const { id, version, schema } = found;
    return { subject, version, id, schemaType: "JSON", schema };
  },
  "/schemas/ids/{id}": (cache, [, , id]) => {
    const found = cache.all().flatMap(({ versions }) => versions.filter((version) => String(version.id) === id))[0];
    return found === undefined ? 40403 : { schemaType: "JSON", schema: found.schema };
  },
  "/schemas/types": () => ["JSON"],
  "/config": () => ({ compatibilityLevel: "BACKWARD" }),
  "/config/{subject}": (cache, [, subject = ""]) =>
    cache.find(subject) === undefined ? 40401 : { compatibilityLevel: "BACKWARD" },
} as const satisfies Readonly<Record<string, Ask>>;

export type RegistryPath = keyof typeof asks;

/** One handler for each of its paths. They ask nobody: what is told is what this edge judges events by. */
export const createRegistry = (
  cache: Pick<SchemaCache, "find" | "all" | "isKnown">,
  apiKeys: readonly ApiKey[],
  { platform, clock }: { readonly platform: Platform; readonly clock: Clock },
) => {
  const keyOf = createKeyRing(apiKeys, platform, clock);
  const handler =
    (ask: Ask) =>
    ({ headers, url }: Request, requestId: string): Response => {
      if (keyOf(bearerOf(headers.get("authorization"))) === null) return failed(40101, requestId);
      if (!cache.isKnown()) return failed(50001, requestId);
      const found = ask(cache, partsOf(url));
      return typeof found === "number" ? failed(found as Failure, requestId) : answer(200, found, requestId);
    };
  return Object.fromEntries(Object.entries(asks).map(([path, ask]) => [path, handler(ask)])) as Readonly<
    Record<RegistryPath, ReturnType<typeof handler>>
  >;
};
