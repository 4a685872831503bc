import { platform } from "@spillway/event/platform-node";
import { createBearerCheck } from "@spillway/service";
import { CHALLENGE, failed, internalError, live, refuse } from "./answer.ts";
import type { Backend } from "./backend.ts";
import { declaredBytes, nextTurn, readBody } from "./body.ts";
import { runCommand, runPipeline, runTransaction } from "./execute.ts";
import { Fault } from "./fault.ts";
import { type Limits, REQUEST_BYTES } from "./limits.ts";
import { parseCommand, parseCommands, parsePath } from "./parse.ts";
import { type Route, routeOf, splitUrl } from "./route.ts";

type Target = { readonly route: Route; readonly path: string; readonly query: string };

/** The whole of the protocol: who may ask, how much, and what is done. Knows nothing of sockets. */
export const createHandler = (backend: Backend, token: string, limits: Limits) => {
  const isAuthorized = createBearerCheck(token, platform);
  let inflightBytes = 0;

  const execute = ({ route, path, query }: Target, body: Uint8Array, base64: boolean): Promise<Response> | Response => {
    if (route.kind === "pipeline" || route.kind === "transaction") {
      const commands = parseCommands(body, limits.commandsMax);
      if (commands instanceof Error) return failed(commands);
      return route.kind === "pipeline"
        ? runPipeline(backend, commands, base64)
        : runTransaction(backend, commands, base64);
    }
    const command = route.kind === "path" ? parsePath(path, query, body) : parseCommand(body);
    return command instanceof Error ? failed(command) : runCommand(backend, command, base64);
  };

  const readAndExecute = async (request: Request, target: Target): Promise<Response> => {
    const body = await readBody(request, limits.bodyBytesMax, limits.bodyMsMax);
    if (body === "too large") return refuse(413, `ERR max request size exceeded. Limit: ${limits.bodyBytesMax} bytes`);
    if (body === "too slow") return refuse(408, "ERR the request body did not arrive in time");
    const base64 = request.headers.get("upstash-encoding") === "base64";
    if (!request.headers.has("transfer-encoding")) return execute(target, body, base64);
    // Bun refuses a trailer, with an answer of its own: what it refused so is not executed, and a late one finds no connection.
    await nextTurn();
    if (request.signal.aborted) return internalError();
    const response = await execute(target, body, base64);
    response.headers.set("connection", "close");
    return response;
  };

  const admit = async (request: Request, target: Target): Promise<Response> => {
    const bytes = REQUEST_BYTES + Math.min(declaredBytes(request.headers) ?? limits.bodyBytesMax, limits.bodyBytesMax);
    if (inflightBytes + bytes > limits.inflightBytesMax) return failed(new Fault("busy"));
    inflightBytes += bytes;
    try {
      return await readAndExecute(request, target);
    } finally {
      inflightBytes -= bytes;
    }
  };

  return async (request: Request): Promise<Response> => {
    const [path, query] = splitUrl(request.url);
    const route = routeOf(path);
    // HAProxy checks with OPTIONS.
    if (route?.kind === "livez" && [...route.methods, "OPTIONS"].includes(request.method)) return live();
    // A token in a URL ends up in logs and histories.
    if (query !== "" && new URLSearchParams(query).has("_token"))
      return refuse(
        401,
        "WRONGPASS the _token parameter is not accepted; send the header Authorization: Bearer",
        CHALLENGE,
      );
    if (!isAuthorized(request.headers.get("authorization")))
      return refuse(401, "WRONGPASS invalid or missing auth token", CHALLENGE);
    if (!route) return refuse(404, "ERR no such endpoint");
    if (!route.methods.includes(request.method))
      return refuse(405, "ERR method not allowed", { allow: route.methods.join(", ") });
    const format = request.headers.get("upstash-response-format");
    if (format !== null && format !== "json") return refuse(400, "ERR Upstash-Response-Format must be json");
    if (Number.isNaN(declaredBytes(request.headers))) return refuse(400, "ERR Content-Length must be one number");
    return admit(request, { route, path, query });
  };
};
