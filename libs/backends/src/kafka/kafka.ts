import { join } from "node:path";
import { type DataFolder, openDataFolder } from "../process/data-folder.ts";
import { freePort } from "../process/port.ts";
import { type Running, type ServiceOptions, startAll, startService, stopAll } from "../process/service.ts";
import { type Say, silent } from "../provision/say.ts";
import { brokerIsReady, createTopics, type TopicSpec } from "./admin.ts";
import { provideKafkaJars } from "./jars.ts";
import { provideJava } from "./java.ts";
import { type BrokerConfig, formatLogFolder, newClusterId } from "./log-folder.ts";

/** A restart after kill -9 waits out the old registration; the broker's recovery of a big log comes on top. */
const READY_DEADLINE_MS = 90_000;
const STOP_DEADLINE_MS = 15_000;

export type KafkaOptions = ServiceOptions & {
  /** Made at every start when they are not there yet. */
  readonly topics?: readonly TopicSpec[];
};

export type Kafka = Running & {
  /** host:port of every broker. */
  readonly brokers: readonly string[];
  createTopics(topics: readonly TopicSpec[]): Promise<void>;
};

type Runtime = { readonly java: string; readonly classPath: string };

type Node = {
  readonly runtime: Runtime;
  readonly config: BrokerConfig;
  readonly data: DataFolder;
  readonly logFile: string;
  readonly options: KafkaOptions;
};

// As measured: starts in under two seconds on two cores and stays below 450 MB.
const JVM = [
  "-Xmx384m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
];

const provideRuntime = async (say: Say): Promise<Runtime> => {
  const java = await provideJava(say);
  return { java, classPath: join(await provideKafkaJars(say), "*") };
};

const startNode = async (node: Node): Promise<Running> => {
  const { config, data, logFile, options } = node;
  const { java, classPath } = node.runtime;
  const url = `127.0.0.1:${config.port}`;
  return startService({
    name: config.nodeId === 1 ? "kafka" : `kafka-${config.nodeId}`,
    url,
    port: config.port,
    logFile,
    stopDeadlineMs: STOP_DEADLINE_MS,
    readyDeadlineMs: READY_DEADLINE_MS,
    prepare: async () => {
      await formatLogFolder(java, classPath, data.path, config, options.say ?? silent);
      return {
        command: java,
        args: [...JVM, "-cp", classPath, "kafka.Kafka", join(data.path, "server.properties")],
        cwd: data.path,
        stopSignal: "SIGTERM",
        output: logFile,
      };
    },
    ready: () => brokerIsReady(url, config.nodeId),
    cleanUp: data.discard,
    onSpawn: options.onSpawn,
  });
};

/** Starts one real broker on loopback that is its own controller. Throws NotProvided, or its log. */
export const startKafka = async (options: KafkaOptions = {}): Promise<Kafka> => {
  const { settings, topics = [] } = options;
  const runtime = await provideRuntime(options.say ?? silent);
  const port = options.port || (await freePort());
  const config = { nodeId: 1, port, controllers: [await freePort()], clusterId: newClusterId(), settings };
  const data = await openDataFolder("kafka", options.dataDir);
  const logFile = options.logFile ?? join(data.path, "kafka.log");
  const node = await startNode({ runtime, config, data, logFile, options });
  const create = (more: readonly TopicSpec[]) => createTopics([node.url], more);
  await create(topics);
  return {
    ...node,
    brokers: [node.url],
    createTopics: create,
    restart: async () => {
      await node.restart();
      await create(topics);
    },
  };
};

export type KafkaClusterOptions = Omit<KafkaOptions, "port" | "dataDir" | "logFile" | "onSpawn"> & {
  /** Combined broker and controller nodes; 3 when not told. */
  readonly nodes?: number;
};

export type KafkaCluster = {
  readonly brokers: readonly string[];
  readonly nodes: readonly Running[];
  createTopics(topics: readonly TopicSpec[]): Promise<void>;
  stop(): Promise<void>;
};

/** Starts brokers on loopback that are one cluster, each with a temporary data folder. */
export const startKafkaCluster = async (options: KafkaClusterOptions = {}): Promise<KafkaCluster> => {
  const runtime = await provideRuntime(options.say ?? silent);
  const ids = Array.from({ length: options.nodes ?? 3 }, (_, index) => index + 1);
  const controllers = await Promise.all(ids.map(() => freePort()));
  const clusterId = newClusterId();
  const starts = ids.map(async (nodeId) => {
    const config = { nodeId, port: await freePort(), controllers, clusterId, settings: options.settings };
    const data = await openDataFolder(`kafka-${nodeId}`);
    return startNode({ runtime, config, data, logFile: join(data.path, "kafka.log"), options });
  });
  const nodes = await startAll(starts);
  const brokers = nodes.map((node) => node.url);
  await createTopics(brokers, options.topics ?? []);
  return { brokers, nodes, createTopics: (topics) => createTopics(brokers, topics), stop: () => stopAll(nodes) };
};
