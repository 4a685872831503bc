import { type Running, startPostgres, startRedis } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { Redis } from "ioredis";
import postgres from "postgres";
import { type FaultProxy, startProxy } from "./proxy.ts";

/** A server that follows another, and takes its place and its address when it is promoted. */
export type Standby = {
  /** The link by which it follows. */
  readonly replication: FaultProxy;
  promote(): Promise<void>;
};

/** The master's handle with an address that outlives it, and its standby. */
export type Replicated = { readonly master: Running; readonly standby: Standby };

const ask = async <T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> => {
  const redis = new Redis(url);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
};

const query = async (url: string, text: string): Promise<readonly unknown[]> => {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await sql.unsafe(text);
  } finally {
    await sql.end({ timeout: 1 });
  }
};

/** Whoever is asked for by this address is found behind it, as with an address that a failover moves. */
const behind = async (master: Running, rest: readonly { stop(): Promise<void> }[]) => {
  const address = await startProxy(master);
  const url = new URL(master.url);
  url.port = String(address.port);
  const stop = async () => {
    await address.close();
    await Promise.all([master, ...rest].map((each) => each.stop()));
  };
  const moveTo = ({ port }: Running) => address.set({ kind: "elsewhere", port });
  return { master: { ...master, url: url.href.replace(/\/$/, ""), port: address.port, stop }, moveTo };
};

/** A Postgres and its asynchronous standby, which streams from it. */
export const startReplicatedPostgres = async (): Promise<Replicated> => {
  const master = await startPostgres();
  const replication = await startProxy(master);
  const replica = await startPostgres({ follows: { url: master.url, port: replication.port } });
  const isStreaming = () => query(master.url, "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'");
  await eventually("a standby that streams", async () => (await isStreaming()).length === 1);
  const moved = await behind(master, [replica, { stop: () => replication.close() }]);
  const promote = async () => {
    await query(replica.url, "SELECT pg_promote()");
    moved.moveTo(replica);
  };
  return { master: moved.master, standby: { replication, promote } };
};

/** A Redis and its replica, which is in step with it. */
export const startReplicatedRedis = async (): Promise<Replicated> => {
  const [master, replica] = await Promise.all([startRedis(), startRedis()]);
  const replication = await startProxy(master);
  await ask(replica.url, (redis) => redis.replicaof("127.0.0.1", replication.port));
  const isInStep = () => ask(replica.url, async (redis) => (await redis.info()).includes("master_link_status:up"));
  await eventually("a replica in step", isInStep);
  const moved = await behind(master, [replica, { stop: () => replication.close() }]);
  const promote = async () => {
    await ask(replica.url, (redis) => redis.replicaof("NO", "ONE"));
    moved.moveTo(replica);
  };
  return { master: moved.master, standby: { replication, promote } };
};
