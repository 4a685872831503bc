import { Command as RedisCommand, type RedisOptions } from "ioredis";
import type { Command } from "./command.ts";
import { toReplyOrFault } from "./fault.ts";
import type { Reply } from "./reply.ts";

/** Redis behind its pool of shared connections. Neither method rejects; both answer within about `replyMsMax`. */
export type Backend = {
  /** Tries every connection once and resolves when each is ready or has failed; it goes on trying by itself. */
  connect(): Promise<void>;
  /** One reply or Fault per command, in order. */
  run(commands: readonly Command[]): Promise<Reply[]>;
  /** The replies of the commands, or the one error that discarded all of them. */
  transact(commands: readonly Command[]): Promise<Error | readonly Reply[]>;
  close(): void;
};

export type BackendOptions = {
  readonly connections: number;
  readonly replyMsMax: number;
  readonly log: (line: string) => void;
};

const RETRY_MS_MAX = 500;

/** A connection that never sends a command twice, never keeps one for later, and gives up on a silent server. */
export const connectionOptions = ({ replyMsMax }: BackendOptions): RedisOptions => ({
  lazyConnect: true,
  connectTimeout: replyMsMax,
  // Destroys a connection on which nothing came for so long while something was due: a frozen server is then found
  // out once, and requests fail at once until the handshake of a new connection is answered.
  socketTimeout: replyMsMax,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  retryStrategy: (attempt) => Math.min(50 * attempt, RETRY_MS_MAX),
  maxLoadingRetryTime: RETRY_MS_MAX,
  disableClientInfo: true,
  // The REST protocol speaks of RESP2's types.
  protocol: 2,
});

/** ioredis reshapes the replies of commands it knows by their lower-case name; upper case keeps them as they came. */
export const toRedisCommand = ({ name, args }: Command) => new RedisCommand(name, args, { replyEncoding: null });

/** What ioredis' pipelines resolve with. */
export type Row = readonly [error: Error | null, reply?: unknown];

/** The one place where the client's untyped replies get their type. */
export const toReply = ([error, reply]: Row): Reply => (error ? toReplyOrFault(error) : (reply as Reply));
