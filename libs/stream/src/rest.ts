import { Unavailable } from "@spillway/event";
import { Redis } from "@upstash/redis/cloudflare";
import { codeOfRestError, codeOfText } from "./errors.ts";

/** What the server answered to one command. */
export type RestReply =
  | { readonly kind: "result"; readonly result: unknown }
  | { readonly kind: "error"; readonly code: string };

export type Pipeline = ReturnType<Redis["pipeline"]>;

/** Sends commands to a Redis over HTTP, one request a call, never twice. */
export type Rest = {
  /**
   * One reply per command of the pipeline that `fill` filled. Rejects with `Unavailable` when it is not known what
   * became of the commands: no answer within `deadlineMs`, an HTTP error, a reply of another shape or length.
   */
  send(fill: (pipeline: Pipeline) => void, deadlineMs: number): Promise<readonly RestReply[]>;
  /** One command that the client has no pipeline method for. Rejects alike, also when the server forbids it. */
  ask(command: readonly [string, ...string[]], deadlineMs: number): Promise<unknown>;
};

const replyOf = (item: unknown): RestReply => {
  if (typeof item !== "object" || item === null) throw new Unavailable("odd_reply");
  const { error, result } = item as { error?: unknown; result?: unknown };
  if (typeof error === "string") return { kind: "error", code: codeOfText(error) };
  if (error !== undefined || result === undefined) throw new Unavailable("odd_reply");
  return { kind: "result", result };
};

const repliesOf = (items: unknown, commands: number): readonly RestReply[] => {
  if (!Array.isArray(items) || items.length !== commands) throw new Unavailable("odd_reply");
  return items.map(replyOf);
};

/**
 * `/cloudflare` is the client's build without Node globals. `{retries: 0}` sends once (`false` sends
 * twice); a plain `signal` resolves when it aborts, a function rejects; without base64 (`responseEncoding`) our ASCII
 * replies come as they are, while with it a server that ignores the header turns "12" into one byte of garbage.
 */
const openClient = (url: string, token: string, signal: () => AbortSignal): Redis =>
  new Redis({
    url,
    token,
    signal,
    retry: { retries: 0 },
    enableAutoPipelining: false,
    automaticDeserialization: false,
    enableTelemetry: false,
    responseEncoding: false,
    readYourWrites: false,
  });

/** Throws `TypeError` when the URL is not http(s) or the token is empty. */
export const createRest = (url: string, token: string): Rest => {
  if (!/^https?:\/\/[^\s/]/.test(url)) throw new TypeError("the Redis REST URL must begin with http:// or https://");
  if (token === "") throw new TypeError("the Redis REST token is empty");
  // The client asks for its signal while `exec` is being called, before anything else can run: so each call finds its own.
  let nextDeadlineMs = 0;
  const redis = openClient(url, token, () => AbortSignal.timeout(Math.max(1, Math.ceil(nextDeadlineMs))));
  const inTime = async <T>(deadlineMs: number, call: () => Promise<T>): Promise<T> => {
    nextDeadlineMs = deadlineMs;
    try {
      return await call();
    } catch (error) {
      throw new Unavailable(codeOfRestError(error));
    }
  };
  return {
    async send(fill, deadlineMs) {
      const pipeline = redis.pipeline();
      fill(pipeline);
      const commands = pipeline.length();
      return repliesOf(await inTime(deadlineMs, () => pipeline.exec({ keepErrors: true })), commands);
    },
    ask: ([name, ...words], deadlineMs) => inTime(deadlineMs, () => redis.exec([name, ...words])),
  };
};
