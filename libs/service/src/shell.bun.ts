import { answering, answerToError, cannotListen, type ServeOptions, type Server } from "./listen.ts";
import { shellOn } from "./shell.process.ts";

export { configOrExit, guardCrashes, guardOutput, refuse, watchSignals } from "./shell.process.ts";

const BODY_BYTES_MAX = 1024 * 1024;

/** Throws an Error whose message is a sentence for the operator. */
export const listen = (host: string, port: number, options: ServeOptions): Server => {
  const answer = answering(options);
  try {
    const server = Bun.serve({
      hostname: host,
      port,
      development: false,
      // Bun shares the port by default outside of development: a second process by mistake would take half of the requests.
      reusePort: options.sharesPort === true,
      maxRequestBodySize: options.bodyBytesMax ?? BODY_BYTES_MAX,
      ...(options.idleSeconds === undefined ? {} : { idleTimeout: options.idleSeconds }),
      routes: Object.fromEntries(Object.entries(options.posts ?? {}).map(([path, POST]) => [path, { POST }])),
      fetch: (request, server) => answer(request, () => server.requestIP(request)?.address),
      error: (error) => answerToError(error, options),
    });
    return { url: server.url.href, port: server.port ?? port, stop: () => server.stop() };
  } catch (error) {
    throw cannotListen(host, port, error);
  }
};

/** For processes of this machine that know the socket's path. */
export const listenOn = (socket: string, fetch: (request: Request) => Response | Promise<Response>): void =>
  void Bun.serve({ unix: socket, fetch });

export const openShell = shellOn(listen);
