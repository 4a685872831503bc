import { answering, answerToError, cannotListen, type Listen } from "./listen.ts";
import { shellOn } from "./shell.process.ts";

/** What is used of it; Deno's own types do not go beside Bun's. */
type DenoServer = { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
type DenoOptions = {
  readonly hostname: string;
  readonly port: number;
  readonly onListen: () => void;
  readonly onError: (error: unknown) => Response;
};
type Handler = (
  request: Request,
  info: { readonly remoteAddr: { readonly hostname?: string } },
) => Response | Promise<Response>;
declare const Deno: { serve(options: DenoOptions, handler: Handler): DenoServer };

const listen: Listen = (host, port, options) => {
  const answer = answering(options);
  const hostname = host.replace(/^\[|\]$/g, "");
  try {
    const server = Deno.serve(
      { hostname, port, onListen: () => undefined, onError: (error) => answerToError(error, options) },
      (request, { remoteAddr }) => answer(request, () => remoteAddr.hostname),
    );
    const name = hostname.includes(":") ? `[${hostname}]` : hostname;
    return { url: `http://${name}:${server.addr.port}/`, port: server.addr.port, stop: () => server.shutdown() };
  } catch (error) {
    throw cannotListen(host, port, error);
  }
};

export const openShell = shellOn(listen);
