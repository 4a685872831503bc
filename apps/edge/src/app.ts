import {
  type Accounts,
  type Belonging,
  type Clock,
  errorName,
  type OutboxTier,
  type Platform,
  type SchemaStore,
  type Sights,
  type StreamTier,
} from "@spillway/event";
import {
  answerLive,
  answerOptions,
  answerReady,
  createMetricsRoute,
  type MetricsAccess,
  type Refuse,
} from "@spillway/service";
import type { Log, Metrics, Traces } from "@spillway/telemetry";
import { Hono } from "hono";
import type { ApiKey } from "./auth/api-key.ts";
import { createDurabilities, type DurabilityRoute, type KeyDurability } from "./auth/durability.ts";
import { type BoundSource, createKeySources } from "./auth/key-sources.ts";
import type { PublishableKey } from "./auth/publishable-key.ts";
import { createSenderOf } from "./auth/sender.ts";
import { createDropBody, type DropBody } from "./body/drop-body.ts";
import { type Committer, type CommitterOptions, createCommitter } from "./commit/committer.ts";
import { type Cors, createCors } from "./cors.ts";
import { createDocs } from "./docs/docs.ts";
import { createLimitsRoute, type PublicLimits } from "./docs/limits.ts";
import { createFairYield, type FairYield } from "./fair-yield.ts";
import { hostFault } from "./framing.ts";
import { createHealth, type TierLimits } from "./health.ts";
import { createHttpMetrics } from "./http-metrics.ts";
import { createIngest } from "./ingest/ingest.ts";
import { createLookupRoute, type LookupLimits } from "./lookup/lookup.ts";
import type { KeyQuotas } from "./quota/key-quotas.ts";
import { createRefusals, type Refusals } from "./refusals.ts";
import { createRequestIds } from "./request-id.ts";
import { problemCodeOf, respondProblem } from "./respond.ts";
import { allowOf, methodsOf, noSuchPath, pathOf, patternOf, type RoutePath, routePaths, routes } from "./routes.ts";
import { createSchemaCache, type SchemaCache } from "./schemas/cache.ts";
import { createSchemaJudge } from "./schemas/judge.ts";
import { createRegister } from "./schemas/register.ts";
import { createRegistry } from "./schemas/registry.ts";
import type { AskUnowned } from "./unowned.ts";

export type EdgePorts = {
  readonly stream: StreamTier;
  readonly outbox: OutboxTier;
  readonly accounts: Accounts;
  readonly schemas: SchemaStore;
  /** What is asked for one event. */
  readonly sights: Sights;
  readonly belonging: Belonging;
  readonly unowned?: AskUnowned;
  readonly clock: Clock;
  readonly platform: Platform;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Ids of events that came without one. */
  readonly newId: () => string;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Absent where nothing is traced. */
  readonly traces?: Traces;
  readonly nextTurn?: (then: () => void) => void;
  readonly collectGarbage?: () => void;
  /** Absent where no key has one. */
  readonly quotas?: Pick<KeyQuotas, "of">;
};

export type EdgeOptions = CommitterOptions &
  PublicLimits &
  LookupLimits & {
    readonly apiKeys: readonly ApiKey[];
    readonly publishableKeys: readonly PublishableKey[];
    /** Whose pages may ask and read. */
    readonly corsOrigins: readonly string[];
    readonly apiKeySources: readonly BoundSource[];
    readonly apiKeyDurabilities: readonly KeyDurability[];
    readonly durabilityRoutes: readonly DurabilityRoute[];
    /** Names of the keys that may register schemas. */
    readonly schemaKeys: readonly string[];
    readonly metricsAccess: MetricsAccess;
    /** What the tiers take at most, for those who ask how full they are. */
    readonly limits: TierLimits;
  };

export type Edge = {
  readonly app: Hono;
  /** What `app` does with a POST, by its path: for a server that finds these paths by itself (E8). */
  readonly posts: Readonly<Record<string, (request: Request) => Promise<Response>>>;
  readonly committer: Committer;
  /** Until it is started no schema is known. */
  readonly schemas: Pick<SchemaCache, "start">;
  /**
   * Makes `/readyz` answer 503 and every answer end its connection; everything else goes on. A server that stops
   * closes idle connections, and a request that is on its way on one would be lost (16 of 32 clients: E3).
   */
  stop(): void;
};

/** What one route does with a request; the frame around it does the rest. */
type Handler = (request: Request, requestId: string) => Response | Promise<Response>;

const notFound = (path: string, requestId: string): Response => {
  const allow = allowOf(path);
  if (allow === null) return respondProblem(noSuchPath, requestId);
  return respondProblem({ code: "method_not_allowed", detail: `use ${allow}`, headers: { allow } }, requestId);
};

/** The refusals of a part that does not know how this app answers. */
const refuseWith =
  (requestId: string): Refuse =>
  (status, detail, headers) =>
    respondProblem({ code: status === 401 ? "unauthorized" : "not_found", detail, headers }, requestId);

/** What operators ask: the answer is not made here and gets its request id afterwards. */
const asked =
  (handler: Handler): Handler =>
  async (request, requestId) => {
    const response = await handler(request, requestId);
    response.headers.set("x-request-id", requestId);
    return response;
  };

/**
 * Gives every answer its request id, its count and its time, and turns a bug into a 500 that says nothing. It is no
 * middleware: one handler per request is the router's fast path.
 */
const createFrame = (
  ports: EdgePorts,
  isStopping: () => boolean,
  fairYield: FairYield,
  dropBody: DropBody,
  http: Pick<ReturnType<typeof createHttpMetrics>, "answeredOf" | "problem">,
  refusals: Pick<Refusals, "saw">,
  cors: Cors | null,
) => {
  const { clock, log } = ports;
  const requestIdOf = createRequestIds(ports.random);
  const answer = async (
    route: string,
    request: Request,
    handler: Handler,
    answered: ReturnType<typeof http.answeredOf>,
  ): Promise<Response> => {
    const startedAtMs = clock.monotonicMs();
    const requestId = requestIdOf(request.headers.get("x-request-id"));
    const fault = hostFault(request.headers);
    let response: Response;
    try {
      response =
        fault === null
          ? (cors?.preflight(request, requestId) ?? (await handler(request, requestId)))
          : respondProblem(fault, requestId);
    } catch (error) {
      log("error", "request.failed", { route, request_id: requestId, error: errorName(error) });
      response = respondProblem({ code: "internal", detail: "the request id names it in the log" }, requestId);
    }
    const dropping = dropBody(request, response);
    if (dropping !== undefined) await dropping;
    const isChunked = request.headers.has("transfer-encoding");
    // The server refuses a chunked body's trailer with an answer of its own: let that one come first, or there are two.
    // One that comes later would be answered, too: in the place of the next request's answer, if the connection went on.
    if (isChunked && response.status >= 400) await fairYield.next();
    if (isChunked || isStopping()) response.headers.set("connection", "close");
    cors?.mark(request, response);
    if (response.status >= 400) http.problem(problemCodeOf(response));
    if (response.status >= 207) refusals.saw(response);
    answered(response.status, clock.monotonicMs() - startedAtMs);
    return response;
  };
  return (route: string, handler: Handler) => {
    const answered = http.answeredOf(route);
    return (request: Request): Promise<Response> => answer(route, request, handler, answered);
  };
};

export const createApp = (ports: EdgePorts, options: EdgeOptions): Edge => {
  const committer = createCommitter(ports, options);
  const refusals = createRefusals(ports.clock);
  const health = createHealth({
    ...ports,
    stream: { ...ports.stream, health: committer.streamHealth },
    committer,
    refusals,
    shards: options.shards,
    limits: options.limits,
  });
  const http = createHttpMetrics(ports.metrics);
  const senderOf = createSenderOf(options.apiKeys, options.publishableKeys, ports.platform, ports.clock);
  const sources = createKeySources(options.apiKeySources);
  const durabilities = createDurabilities(options.durabilityRoutes, options.apiKeyDurabilities);
  const fairYield = createFairYield(ports.nextTurn);
  const cache = createSchemaCache(ports.schemas, ports);
  const schemas = createSchemaJudge(cache, ports.metrics);
  const ingest = createIngest(
    { ...ports, committer, senderOf, fairYield, sources, durabilities, schemas, onInvalid: http.invalid },
    options,
  );
  const docs = createDocs(options, ports.platform);
  const metricsRoute = createMetricsRoute(ports.metrics, options.metricsAccess, ports.platform);
  const dropBody = createDropBody({ ...ports, fairYield }, options);
  const frame = createFrame(
    ports,
    health.isStopping,
    fairYield,
    dropBody,
    http,
    refusals,
    createCors(options.corsOrigins),
  );

  const handlers: Readonly<Record<RoutePath, Handler>> = {
    "/v1/events": (request, requestId) => ingest(request, requestId, false),
    "/v1/batch": (request, requestId) => ingest(request, requestId, true),
    "/v1/schemas": createRegister({ ...ports, store: ports.schemas, cache, senderOf, fairYield, committer }, options),
    "/v1/events/{id}": createLookupRoute({ ...ports, senderOf, sources }, options),
    "/v1/limits": createLimitsRoute(options),
    ...createRegistry(cache, options.apiKeys, ports),
    "/livez": asked(answerLive),
    "/readyz": asked(async () => answerReady(await health.readiness())),
    "/metrics": asked((request, requestId) => metricsRoute(request, refuseWith(requestId))),
    "/": docs.landing,
    "/openapi.json": docs.openapi,
    "/docs": docs.page,
  };
  // A slash at a path's end is nobody's mistake to look for.
  const app = new Hono({ strict: false });
  const served = new Map(routePaths.map((path) => [path, frame(path, handlers[path])]));
  for (const [path, serve] of served) app.on(methodsOf(path), patternOf(path), (c) => serve(c.req.raw));
  const haproxy = frame(
    "/",
    asked(() => answerOptions(health.isStopping())),
  );
  app.options("/", (c) => haproxy(c.req.raw));
  const unmatched = frame("unmatched", (request, requestId) => notFound(pathOf(request), requestId));
  app.notFound((c) => unmatched(c.req.raw));
  const posts = Object.fromEntries([...served].filter(([path]) => routes[path].method === "POST"));
  return { app, posts, committer, schemas: cache, stop: health.stop };
};
