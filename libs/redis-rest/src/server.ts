import { isToken, TOKEN_CHARACTERS } from "@spillway/service";
import { listen } from "@spillway/service/bun";
import { internalError } from "./answer.ts";
import { createClusterBackend } from "./cluster.ts";
import { createHandler } from "./handler.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { createSingle } from "./single.ts";

export type RedisRestOptions = {
  /** One URL for a server, two or more for a Redis Cluster (any of its nodes). */
  readonly redisUrls: readonly string[];
  readonly token: string;
  /** 127.0.0.1 by default. */
  readonly host?: string;
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** Shared connections to Redis, to each node of a cluster; 4 by default. */
  readonly connections?: number;
  readonly limits?: Partial<Limits>;
  /** Gets a line when Redis is found and when it is lost. */
  readonly log?: (line: string) => void;
};

export type RedisRest = {
  readonly url: string;
  readonly port: number;
  /** Takes no new request, finishes those in hand, and closes the connections to Redis. */
  stop(): Promise<void>;
};

// A client that reuses a connection just as the server closes it gets an error it may not repeat. Bun's maximum.
const IDLE_SECONDS = 255;

/**
 * Listens, after one attempt to reach Redis of at most `replyMsMax`; while Redis is away every command is answered
 * with 503. Throws when the port is taken or an option makes no sense.
 */
export const createRedisRest = async (options: RedisRestOptions): Promise<RedisRest> => {
  const { redisUrls, token, host = "127.0.0.1", port = 0, connections = 4, log = () => undefined } = options;
  const [redisUrl] = redisUrls;
  if (redisUrl === undefined) throw new Error("redisUrls must name at least one Redis");
  if (!isToken(token)) throw new Error(`token must be what a Bearer header can carry: ${TOKEN_CHARACTERS}`);
  const limits = { ...defaultLimits, ...options.limits };
  const settings = { connections, replyMsMax: limits.replyMsMax, log };
  const backend = redisUrls.length === 1 ? createSingle(redisUrl, settings) : createClusterBackend(redisUrls, settings);
  await backend.connect();
  try {
    const server = listen(host, port, {
      idleSeconds: IDLE_SECONDS,
      // The handler refuses larger bodies itself, with the limit in the answer.
      bodyBytesMax: Number.MAX_SAFE_INTEGER,
      fetch: createHandler(backend, token, limits),
      onError: (error) => {
        // A client that went away while sending its body; nobody reads the answer.
        if (error.name !== "AbortError") log(`redis-rest: ${error.name} while handling a request`);
        return internalError();
      },
    });
    const stop = async () => {
      await server.stop();
      backend.close();
    };
    return { url: new URL(server.url).origin, port: server.port, stop };
  } catch (error) {
    backend.close();
    throw error;
  }
};
