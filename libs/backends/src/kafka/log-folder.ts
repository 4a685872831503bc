import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../process/command.ts";
import { openWhole } from "../process/place.ts";
import type { Say } from "../provision/say.ts";

export type BrokerConfig = {
  readonly nodeId: number;
  readonly port: number;
  readonly nodes: number;
  /** The controller ports of those nodes that are controllers too, by node id from 1. */
  readonly controllers: readonly number[];
  readonly clusterId: string;
  readonly settings?: Readonly<Record<string, string>>;
};

/** 16 random bytes as Kafka's Uuid writes them; one that starts with "-" would read as an option of the format tool. */
export const newClusterId = (): string => {
  for (;;) {
    const id = randomBytes(16).toString("base64url");
    if (!id.startsWith("-")) return id;
  }
};

/** The content of server.properties for a node, which is a broker and, with a port for it, a controller. */
export const brokerProperties = (config: BrokerConfig, logFolder: string): string => {
  const { nodeId, port, nodes, controllers } = config;
  const controllerPort = controllers[nodeId - 1];
  const copies = String(Math.min(nodes, 3));
  const inSync = nodes >= 3 ? "2" : "1";
  const listener = `PLAINTEXT://127.0.0.1:${port}`;
  const settings: Record<string, string> = {
    "process.roles": controllerPort === undefined ? "broker" : "broker,controller",
    "node.id": String(nodeId),
    "controller.quorum.voters": controllers.map((at, index) => `${index + 1}@127.0.0.1:${at}`).join(","),
    listeners: controllerPort === undefined ? listener : `${listener},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": listener,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": logFolder,
    "auto.create.topics.enable": "false",
    // A killed broker is refused until its old registration has expired: 2 s brings it back in under 4 s, the default
    // of 9 s in 12.6 s (measured).
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    "group.initial.rebalance.delay.ms": "0",
    "default.replication.factor": copies,
    "min.insync.replicas": inSync,
    "offsets.topic.num.partitions": "1",
    "offsets.topic.replication.factor": copies,
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": copies,
    "transaction.state.log.min.isr": inSync,
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": copies,
    "share.coordinator.state.topic.min.isr": inSync,
    ...config.settings,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
};

/** Formats the log folder when there is none, and writes server.properties. Returns the path of that. */
export const openLogFolder = async (
  { java, classPath }: { readonly java: string; readonly classPath: string },
  folder: string,
  config: BrokerConfig,
  say: Say,
): Promise<string> => {
  const properties = join(folder, "server.properties");
  const log = await openWhole(folder, "log", say, async (work) => {
    await writeFile(properties, brokerProperties(config, work));
    const tool = ["-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", classPath, "kafka.tools.StorageTool"];
    const { code, output } = await runCommand(java, [...tool, "format", "-t", config.clusterId, "-c", properties]);
    if (code !== 0) throw new Error(`kafka could not format ${work}:\n${output.trim().slice(-2_000)}`);
  });
  await writeFile(properties, brokerProperties(config, log));
  return properties;
};
