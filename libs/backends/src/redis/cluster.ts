import { eventually } from "../eventually.ts";
import { freePort } from "../process/port.ts";
import { type Running, startAll, stopAll } from "../process/service.ts";
import { askRedis, startRedis } from "./redis.ts";

const MASTERS = 3;
const SLOTS = 16_384;
const SETTINGS = { "cluster-enabled": "yes", "cluster-node-timeout": "2000" };
const FORMED_DEADLINE_MS = 30_000;

export type RedisCluster = {
  /** Masters first, then one replica of each in the same order. */
  readonly nodes: readonly Running[];
  readonly urls: readonly string[];
  stop(): Promise<void>;
};

const form = async (nodes: readonly Running[], busPorts: readonly number[]): Promise<void> => {
  const first = nodes[0]?.url ?? "";
  const masters = nodes.slice(0, MASTERS);
  for (const [index, master] of masters.entries()) {
    const from = Math.floor((index * SLOTS) / MASTERS);
    const to = Math.floor(((index + 1) * SLOTS) / MASTERS) - 1;
    await askRedis(master.url, (redis) => redis.call("CLUSTER", "ADDSLOTSRANGE", from, to));
  }
  for (const [index, node] of nodes.entries()) {
    await askRedis(first, (redis) => redis.call("CLUSTER", "MEET", "127.0.0.1", node.port, busPorts[index] ?? 0));
  }
  const isWhole = async () => {
    const infos = await Promise.all(nodes.map((node) => askRedis(node.url, (redis) => redis.cluster("INFO"))));
    return infos
      .map(String)
      .every((info) => info.includes("cluster_state:ok") && info.includes(`cluster_known_nodes:${nodes.length}`));
  };
  await eventually("every node of the Redis cluster to know every other", isWhole, FORMED_DEADLINE_MS);
  for (const [index, replica] of nodes.slice(MASTERS).entries()) {
    const master = masters[index]?.url ?? first;
    const id = String(await askRedis(master, (redis) => redis.cluster("MYID")));
    await askRedis(replica.url, (redis) => redis.call("CLUSTER", "REPLICATE", id));
  }
  const areInStep = async () => {
    const replicas = nodes.slice(MASTERS);
    const roles = await Promise.all(replicas.map((node) => askRedis(node.url, (redis) => redis.call("ROLE"))));
    return roles.every((role) => Array.isArray(role) && role[0] === "slave" && role[3] === "connected");
  };
  await eventually("every replica to be in step with its master", areInStep, FORMED_DEADLINE_MS);
};

/** Starts three masters with one replica each on loopback, in temporary folders, and waits until they are in step. */
export const startRedisCluster = async (): Promise<RedisCluster> => {
  const busPorts = await Promise.all(Array.from({ length: 2 * MASTERS }, () => freePort()));
  const nodes = await startAll(
    busPorts.map((bus) => startRedis({ settings: { ...SETTINGS, "cluster-port": String(bus) } })),
  );
  const stop = () => stopAll(nodes);
  try {
    await form(nodes, busPorts);
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, urls: nodes.map((node) => node.url), stop };
};
