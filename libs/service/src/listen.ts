import { isLoopback } from "./address.ts";
import { addressed } from "./addressed.ts";
import { answerText } from "./answer.ts";
import { isHost } from "./host.ts";

export type ServeOptions = {
  /** `addressOf` tells the address of the client, as far as its socket does. */
  readonly fetch: (request: Request, addressOf: () => string | undefined) => Response | Promise<Response>;
  /**
   * POSTs to exactly these paths, which Bun's server finds by itself; whatever it does not find goes to `fetch`, which must answer
   * the same. No router and no URL: 1.3 of 22 µs a request. What is served so looks at the `Host` itself.
   */
  readonly posts?: Readonly<Record<string, (request: Request) => Response | Promise<Response>>>;
  /** Larger bodies are refused by Bun in its own words. */
  readonly bodyBytesMax?: number;
  /** How long a connection is kept on which nothing happens. Deno has no such setting. */
  readonly idleSeconds?: number;
  /** `fetch` gets requests with a wrong `Host`, too, and refuses them in its own words. */
  readonly refusesHosts?: boolean;
  /** Others listen on the same port, and each gets a part of the connections. Bun alone knows it. */
  readonly sharesPort?: boolean;
  /** Called with what `fetch` threw; the answer is 500. */
  readonly onError?: (error: Error) => Response;
};

/** `stop`: takes no more connections, and resolves when what was asked is answered. */
export type Server = { readonly url: string; readonly port: number; stop(): Promise<void> };

/** Listens. Throws, or rejects with, an Error whose message is a sentence for the operator. */
export type Listen = (host: string, port: number, options: ServeOptions) => Server | Promise<Server>;

/** What an app does with a request, for a server that passes all of them on. */
export const answering =
  ({ fetch, refusesHosts }: ServeOptions) =>
  (request: Request, addressOf: () => string | undefined): Response | Promise<Response> =>
    refusesHosts || isHost(request.headers.get("host"))
      ? fetch(addressed(request), addressOf)
      : answerText(400, "there must be one Host header, and it must be a host and maybe a port");

export const answerToError = (error: unknown, { onError }: ServeOptions): Response =>
  onError?.(error as Error) ?? new Response(null, { status: 500 });

const failures: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process listens there",
  EADDRNOTAVAIL: "no interface of this machine has that address",
  EACCES: "this user may not listen on that port",
  EINVAL: "that is no address of this machine",
};

const isAddress = (host: string): boolean => /^\[?[\d.]*[\da-f]*:[\da-f:.]*\]?$/i.test(host) || /^[\d.]+$/.test(host);

/** Of a name without an address Bun 1.4.5 says what another socket said last: EINPROGRESS mostly, or EADDRINUSE. */
const whyNot = (host: string, code: string): string => {
  const said = failures[code] ?? code;
  if (isAddress(host) || isLoopback(host)) return said;
  return code in failures ? `that name has no address, or ${said}` : "that name has no address";
};

/** Why a runtime could not listen, as a sentence for the operator. */
export const cannotListen = (host: string, port: number, error: unknown): Error => {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  return new Error(`HOST and PORT: cannot listen on ${host}:${port}: ${whyNot(host, code)}`);
};
