import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { getRequestListener, RequestError } from "@hono/node-server";
import { answerText } from "./answer.ts";
import { answering, answerToError, cannotListen, type Listen } from "./listen.ts";
import { shellOn } from "./shell.process.ts";

/** As Bun closes connections on which nothing happens, where nothing else is said. */
const IDLE_SECONDS = 10;

const urlOf = (host: string, port: number): string => `http://${host.includes(":") ? `[${host}]` : host}:${port}/`;

/** A request's own time is the app's matter: Node's, of 300 s, would end a connection without an answer. */
const listen: Listen = async (host, port, options) => {
  const answer = answering(options);
  // It throws for what no URL can be made of: a Host that is none, or a target. HTTP/1.0 needs no Host.
  const errorHandler = (error: unknown): Response =>
    error instanceof RequestError ? answerText(400, error.message) : answerToError(error, options);
  const listener = getRequestListener(
    (request, { incoming }) => answer(request, () => (incoming as IncomingMessage).socket.remoteAddress),
    { overrideGlobalObjects: false, hostname: "localhost", errorHandler },
  );
  const idleMs = (options.idleSeconds ?? IDLE_SECONDS) * 1_000;
  const server = createServer({ keepAliveTimeout: idleMs, requestTimeout: 0 }, listener);
  try {
    const listening = once(server, "listening");
    server.listen(port, host.replace(/^\[|\]$/g, ""));
    await listening;
  } catch (error) {
    throw cannotListen(host, port, error);
  }
  const bound = (server.address() as { readonly port: number }).port;
  return {
    url: urlOf(host, bound),
    port: bound,
    stop: () => new Promise((resolve) => void server.close(() => resolve())),
  };
};

export const openShell = shellOn(listen);
