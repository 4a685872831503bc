import { late, systemClock, Unavailable, within } from "@spillway/event";
import { Cluster, Redis, ReplyError } from "ioredis";
import { codeOfTcpError } from "./errors.ts";
import { createScriptTexts, type ScriptTexts } from "./script-texts.ts";
import { createTcpTransport } from "./tcp.ts";
import type { Transport } from "./transport.ts";

/** What ioredis gives for one server or for a cluster; commands are the same. */
export type Client = Redis | Cluster;

/** One connection (in a cluster: one to each node that is used), opened by its first `send`. */
export type Connection = {
  readonly scriptTexts: ScriptTexts;
  /**
   * Does `use` once, within `timeoutMs` from now, connecting first if need be. Rejects with `Unavailable`; what was
   * sent may then have been executed, or may still be.
   */
  send<T>(use: (client: Client) => Promise<T>, timeoutMs?: number): Promise<T>;
};

export type RedisServerOptions = {
  /** `redis://` or `rediss://` URL; several, separated by commas, are the first nodes of a Redis Cluster. */
  readonly url: string;
  /** How long a command that does not block may take; ms, 2000 unless given. */
  readonly commandTimeoutMs?: number;
  /** Whether it is Upstash's; `createScriptTexts`. */
  readonly isHosted?: boolean;
  /** Shown by CLIENT LIST. */
  readonly connectionName?: string;
};

/** A client with its users. A retired one gets no new user and is closed by its last. */
type Link = { readonly client: Client; readonly opening: Promise<void>; users: number; isRetired: boolean };

/*
 * Each on purpose:
 * - nothing reconnects by itself: a client whose connection broke is thrown away, and the next `send` opens another.
 *   So a command is never queued, never sent again after a restart when the lease has long changed hands, and a caller
 *   learns at once that the server refuses. (`disconnect(true)` while ioredis connects leaves it dead for ever.)
 * - no ready check: a loading server then answers LOADING, which tells more than a connection that is never ready.
 * - no commandTimeout: on a frozen server the command would stay in the queue of a connection that looks well.
 */
const redisOptions = (connectionName: string) => ({
  protocol: 2 as const,
  lazyConnect: true,
  retryStrategy: null,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
  enableReadyCheck: false,
  disableClientInfo: true,
  connectionName,
});

const openCluster = (nodes: readonly string[], connectionName: string): Cluster => {
  const { username, password, protocol } = new URL(nodes[0] as string);
  const { retryStrategy: _, enableOfflineQueue: __, ...options } = redisOptions(connectionName);
  return new Cluster([...nodes], {
    lazyConnect: true,
    enableReadyCheck: false,
    clusterRetryStrategy: null,
    // ioredis sends a command whose connection broke once more after this, for a cluster alone; 0 turns that off.
    retryDelayOnFailover: 0,
    slotsRefreshTimeout: 2000,
    redisOptions: {
      ...options,
      ...(username === "" ? {} : { username: decodeURIComponent(username) }),
      ...(password === "" ? {} : { password: decodeURIComponent(password) }),
      ...(protocol === "rediss:" ? { tls: {} } : {}),
    },
  });
};

const openClient = (url: string, connectionName: string): Client => {
  const nodes = url.split(",").map((node) => node.trim());
  return nodes.length === 1 ? new Redis(url, redisOptions(connectionName)) : openCluster(nodes, connectionName);
};

/** After a refused SELECT ioredis emits this and goes on, in database 0, where another installation's keys may be. */
const isRefusedSelect = (error: Error): boolean =>
  error instanceof ReplyError && (error as { command?: { name?: unknown } }).command?.name === "select";

const openLink = (url: string, connectionName: string): Link => {
  const client = openClient(url, connectionName);
  let code = "closed";
  let isElsewhere = false;
  client.on("error", (error) => {
    if (isElsewhere) return;
    code = codeOfTcpError(error);
    isElsewhere = isRefusedSelect(error);
    if (isElsewhere) client.disconnect();
  });
  const connecting = client.connect().catch((error) => {
    const own = codeOfTcpError(error);
    throw new Unavailable(own === "redis_error" || own === "closed" ? code : own);
  });
  const opening = connecting.then(() => {
    if (isElsewhere) throw new Unavailable(code);
  });
  return { client, opening, users: 0, isRetired: false };
};

/** All links of a server that are open. */
type Open = { readonly links: Set<Link>; isClosed: boolean };

/** Hands out the current link, and closes a link when it is retired and its last user is done. */
const createLinks = (url: string, connectionName: string, open: Open) => {
  let current: Link | null = null;

  const retire = (link: Link) => {
    link.isRetired = true;
    if (current === link) current = null;
    if (link.users > 0) return;
    open.links.delete(link);
    link.client.disconnect();
  };
  return {
    use(): Link {
      if (open.isClosed) throw new Unavailable("closed");
      if (current === null) {
        const link = openLink(url, connectionName);
        link.client.once("end", () => retire(link));
        open.links.add(link);
        current = link;
      }
      current.users++;
      return current;
    },
    release(link: Link) {
      link.users--;
      if (link.isRetired) retire(link);
    },
  };
};

/**
 * What is sent in one turn goes to Redis as one write: it does all of it in one round, with one fsync, and each write is a
 * system call (S3). The nodes of a cluster have a stream each, of which ioredis does not tell.
 */
const inOneWrite = (client: Client): void => {
  if (!(client instanceof Redis) || client.stream.writableCorked > 0) return;
  const { stream } = client;
  stream.cork();
  process.nextTick(() => stream.uncork());
};

const createConnection = (
  links: ReturnType<typeof createLinks>,
  commandTimeoutMs: number,
  scriptTexts: ScriptTexts,
): Connection => ({
  scriptTexts,
  async send(command, timeoutMs = commandTimeoutMs) {
    const link = links.use();
    let isOver = false;
    const reply = link.opening.then(() => {
      if (isOver) throw new Unavailable("timeout");
      inOneWrite(link.client);
      return command(link.client);
    });
    try {
      const answer = await within(systemClock, timeoutMs, reply);
      if (answer === late) throw new Unavailable("timeout");
      return answer;
    } catch (error) {
      if (error instanceof TypeError) throw error;
      const code = error instanceof Unavailable ? error.code : codeOfTcpError(error);
      // The server may be frozen with the connection open, for which ioredis waits for ever. Others finish on it.
      if (code === "timeout") link.isRetired = true;
      throw new Unavailable(code);
    } finally {
      isOver = true;
      links.release(link);
    }
  },
});

/** A Redis, or a Redis Cluster, over TCP. */
export type RedisServer = {
  /** For every command that answers at once. */
  readonly commands: Connection;
  /** The same connection, for who does not care over what its commands go. */
  readonly transport: Transport;
  /** Another connection, for reads that block. */
  open(): Connection;
  /** Closes all of its connections; what is in flight rejects. */
  close(): void;
};

/** Connects to nothing before the first command. */
export const connectRedis = (options: RedisServerOptions): RedisServer => {
  const { url, commandTimeoutMs = 2000, isHosted = false, connectionName = "spillway" } = options;
  const all: Open = { links: new Set(), isClosed: false };
  const scriptTexts = createScriptTexts(isHosted);
  const open = (): Connection => createConnection(createLinks(url, connectionName, all), commandTimeoutMs, scriptTexts);
  const commands = open();
  return {
    commands,
    transport: createTcpTransport(commands),
    open,
    close: () => {
      all.isClosed = true;
      for (const link of all.links) link.client.disconnect();
      all.links.clear();
    },
  };
};
