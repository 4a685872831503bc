import { Unavailable } from "@spillway/event";
import { Redis } from "@upstash/redis/cloudflare";
import { codeOfRestError, codeOfText } from "./errors.ts";
import { createScriptTexts } from "./script-texts.ts";
import type { Command, Reply, Transport } from "./transport.ts";

const replyOf = (item: unknown): Reply => {
  if (typeof item !== "object" || item === null) throw new Unavailable("odd_reply");
  const { error, result } = item as { error?: unknown; result?: unknown };
  if (typeof error === "string") return { kind: "error", code: codeOfText(error) };
  if (error !== undefined || result === undefined) throw new Unavailable("odd_reply");
  return { kind: "result", result };
};

const repliesOf = (items: unknown, commands: number): readonly Reply[] => {
  if (!Array.isArray(items) || items.length !== commands) throw new Unavailable("odd_reply");
  return items.map(replyOf);
};

/** The client's `Pipeline` has a method for each command it knows; what it sends is this, for whatever command. */
class PipelineClient extends Redis {
  readonly pipelined = (body: readonly Command[]): Promise<unknown> =>
    this.client.request({ path: ["pipeline"], body });
}

/**
 * `/cloudflare` is the client's build without Node globals. `{retries: 0}` sends once (`false` sends
 * twice); a plain `signal` resolves when it aborts, a function rejects; without base64 (`responseEncoding`) our ASCII
 * replies come as they are, while with it a server that ignores the header turns "12" into one byte of garbage.
 */
const openClient = (url: string, token: string, signal: () => AbortSignal): PipelineClient =>
  new PipelineClient({
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

export type RestOptions = {
  /** Base URL of an Upstash-compatible REST server; http or https. */
  readonly url: string;
  readonly token: string;
  /** Whether it is Upstash's own; `createScriptTexts`. */
  readonly isHosted?: boolean;
};

/** Over HTTP. Throws `TypeError` when the URL is not http(s) or the token is empty. */
export const createRestTransport = ({ url, token, isHosted = false }: RestOptions): Transport => {
  if (!/^https?:\/\/[^\s/]/.test(url)) throw new TypeError("the Redis REST URL must begin with http:// or https://");
  if (token === "") throw new TypeError("the Redis REST token is empty");
  // The client asks for its signal while it is being called, before anything else can run: so each call finds its own.
  let nextDeadlineMs = 0;
  const client = openClient(url, token, () => AbortSignal.timeout(Math.max(1, Math.ceil(nextDeadlineMs))));
  return {
    scriptTexts: createScriptTexts(isHosted),
    async send(commands, deadlineMs) {
      nextDeadlineMs = deadlineMs;
      let items: unknown;
      try {
        items = await client.pipelined(commands);
      } catch (error) {
        throw new Unavailable(codeOfRestError(error));
      }
      return repliesOf(items, commands.length);
    },
  };
};
