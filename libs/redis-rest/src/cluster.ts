import { systemClock, within } from "@spillway/event";
import { Cluster, type Redis } from "ioredis";
import { type Backend, type BackendOptions, connectionOptions, type Row, toRedisCommand, toReply } from "./backend.ts";
import { createBackend } from "./clients.ts";
import type { Command } from "./command.ts";
import { Fault } from "./fault.ts";
import type { Reply } from "./reply.ts";

const SLOTS_REFRESH_MS = 5_000;

const createCluster = (urls: readonly string[], options: BackendOptions): Cluster => {
  const { username, password, protocol } = new URL(urls[0] ?? "");
  const { lazyConnect, retryStrategy, ...connection } = connectionOptions(options);
  const cluster = new Cluster([...urls], {
    lazyConnect,
    enableOfflineQueue: false,
    clusterRetryStrategy: retryStrategy as (attempt: number) => number,
    // 0 turns off the resending of commands whose connection was lost: they may have run.
    retryDelayOnFailover: 0,
    slotsRefreshTimeout: options.replyMsMax,
    slotsRefreshInterval: SLOTS_REFRESH_MS,
    // No retryStrategy: a lost node is dialled again when a slot points to it. No stringNumbers: ioredis 6.0.0 would
    // compare slot numbers as strings, so integers above 2^53 are rounded here.
    redisOptions: {
      ...connection,
      ...(username && { username: decodeURIComponent(username) }),
      ...(password && { password: decodeURIComponent(password) }),
      ...(protocol === "rediss:" && { tls: {} }),
    },
  });
  // ioredis dials a node with the first command for it and refuses the others meanwhile.
  cluster.on("+node", dial);
  return cluster;
};

const isMaster = (node: Redis) => node.options.readOnly !== true;

/** Connects a node that nobody has dialled. A failure shows as the error event of the cluster and in the replies. */
const dial = async (node: Redis): Promise<void> => {
  if (isMaster(node) && node.status === "wait") await node.connect().catch(() => undefined);
};

/** Resolves when a dialled node is ready or is given up. */
const settled = (node: Redis) =>
  new Promise<void>((resolve) => {
    if (node.status === "ready") return resolve();
    node.once("ready", resolve);
    node.once("end", resolve);
  });

/** Settings and INFO are each node's own: what all masters say, one behind the other, or the error of one that does not say it. */
const ofEachNode: ReadonlySet<string> = new Set(["CONFIG", "INFO"]);

const behindEachOther = (replies: readonly unknown[]): unknown =>
  replies.every(Buffer.isBuffer) ? Buffer.concat(replies as Buffer[]) : replies.flat();

const askMasters = async (cluster: Cluster, command: Command): Promise<Row> => {
  const asked = cluster.nodes("master").map((node) => {
    const sent = toRedisCommand(command);
    node.sendCommand(sent);
    return sent.promise;
  });
  try {
    return [null, behindEachOther(await Promise.all(asked))];
  } catch (error) {
    return [error as Error];
  }
};

/** Every command goes to the node of its slot by itself, so one dead node costs the others nothing. */
const runEach = async (cluster: Cluster, commands: readonly Command[], replyMsMax: number): Promise<Reply[]> => {
  const replies: Reply[] = commands.map(() => new Fault("late"));
  const answered = commands.map(async (command, index) => {
    if (ofEachNode.has(command.name)) {
      replies[index] = toReply(await askMasters(cluster, command));
      return;
    }
    const sent = toRedisCommand(command);
    const row = sent.promise.then(
      (reply: unknown): Row => [null, reply],
      (error: Error): Row => [error],
    );
    cluster.sendCommand(sent);
    replies[index] = toReply(await row);
  });
  await within(systemClock, replyMsMax, Promise.all(answered));
  return [...replies];
};

/** A Redis Cluster, found through any of its nodes. */
export const createClusterBackend = (urls: readonly string[], options: BackendOptions): Backend =>
  createBackend(
    {
      create: () => createCluster(urls, options),
      dial: async (cluster) => {
        await cluster.connect();
        await Promise.all(cluster.nodes("master").map(settled));
      },
      send: (cluster, commands) => runEach(cluster, commands, options.replyMsMax),
    },
    options,
  );
