import { freePort } from "../process/port.ts";
import { type Running, startAll, stopAll } from "../process/service.ts";
import { until } from "../process/until.ts";
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

const waitUntil = async (what: string, isTrue: () => Promise<boolean>): Promise<void> => {
  if (!(await until(isTrue, FORMED_DEADLINE_MS)))
    throw new Error(`redis cluster: ${what} did not happen within ${FORMED_DEADLINE_MS} ms`);
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
  const everyone = (isTrue: (info: string) => boolean) => async () => {
    const infos = await Promise.all(nodes.map((node) => askRedis(node.url, (redis) => redis.cluster("INFO"))));
    return infos.every((info) => isTrue(String(info)));
  };
  await waitUntil(
    "every node knowing every other",
    everyone((info) => info.includes(`cluster_known_nodes:${nodes.length}`) && info.includes("cluster_state:ok")),
  );
  for (const [index, replica] of nodes.slice(MASTERS).entries()) {
    const master = masters[index]?.url ?? first;
    const id = String(await askRedis(master, (redis) => redis.cluster("MYID")));
    await askRedis(replica.url, (redis) => redis.call("CLUSTER", "REPLICATE", id));
  }
  await waitUntil("every replica in step with its master", async () => {
    const roles = await Promise.all(
      nodes.slice(MASTERS).map((node) => askRedis(node.url, (redis) => redis.call("ROLE"))),
    );
    return roles.every((role) => Array.isArray(role) && role[0] === "slave" && role[3] === "connected");
  });
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
