import type { Answer } from "./answer.ts";
import type { Clock } from "./clock.ts";

/**
 * Posts a batch, a JSON array of events, once. Never rejects. `keepalive`: it begins before this returns, and goes on when its page
 * is gone, for bodies of 64 KiB in all.
 */
export type Transport = (body: string, keepalive: boolean) => Promise<Answer>;

export type FetchOptions = {
  readonly url: string;
  readonly key?: string;
  readonly gzip: boolean;
  readonly timeoutMs: number;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly wallMs: Clock["wallMs"];
};

/** Below it a packet or two more cost less than the packing. */
const GZIP_CHARACTERS_MIN = 1_024;

const gzipped = (body: string): Promise<ArrayBuffer> =>
  new Response(new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();

/** Seconds, or a date as a proxy may say it. */
const retryAfterMsOf = (headers: Headers, nowMs: number): number | null => {
  const header = headers.get("retry-after");
  if (header === null) return null;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
  return ms > 0 ? ms : null;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // The answer of something that is no edge; its status is all that it says.
    return null;
  }
};

export const createFetchTransport = ({ url, key, gzip, timeoutMs, fetch, wallMs }: FetchOptions): Transport => {
  const target = `${url.replace(/\/+$/, "")}/v1/batch`;
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (key !== undefined) headers.authorization = `Bearer ${key}`;

  /**
   * Of a page that goes away nobody can be asked first whether it may send: what is text and has its key in the address needs no
   * preflight. Only a publishable key may stand there.
   */
  const unasked = { target: `${target}?key=${key}`, headers: { "content-type": "text/plain" } };
  const isPublishable = key?.startsWith("pk_") === true;

  const post = async (body: string, keepalive: boolean): Promise<Answer> => {
    const to = keepalive && isPublishable ? unasked : { target, headers };
    const packs = gzip && !keepalive && body.length >= GZIP_CHARACTERS_MIN && typeof CompressionStream === "function";
    const response = await fetch(to.target, {
      method: "POST",
      headers: packs ? { ...to.headers, "content-encoding": "gzip" } : to.headers,
      body: packs ? await gzipped(body) : body,
      // The key is for this address only, so a redirection is an answer; Workers know no "error" here.
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
      // Bun takes `keepalive: false` for "close the connection".
      ...(keepalive ? { keepalive } : {}),
    });
    const text = await response.text();
    return { status: response.status, retryAfterMs: retryAfterMsOf(response.headers, wallMs()), body: parsed(text) };
  };

  return (body, keepalive) =>
    post(body, keepalive).catch((error: unknown) => {
      const isTimeout = error instanceof Error && error.name === "TimeoutError";
      return { status: null, retryAfterMs: null, body: isTimeout ? "timeout" : "network" };
    });
};
