import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { answering, answerToError, cannotListen, type Listen } from "./listen.ts";
import { shellOn } from "./shell.process.ts";

/** As Bun closes connections on which nothing happens, where nothing else is said. */
const IDLE_SECONDS = 10;

const urlOf = (host: string, port: number): string => `http://${host.includes(":") ? `[${host}]` : host}:${port}/`;

/** A request's own time is the app's matter: Node's, of 300 s, would end a connection without an answer. */
const listen: Listen = async (host, port, options) => {
  const answer = answering(options);
  const listener = getRequestListener(
    (request, { incoming }) => answer(request, () => (incoming as IncomingMessage).socket.remoteAddress),
    { overrideGlobalObjects: false, errorHandler: (error) => answerToError(error, options) },
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
