import { join } from "node:path";
import { openPlace } from "../process/place.ts";
import { freePort } from "../process/port.ts";
import { type Running, type ServiceOptions, startAll, startService, stopAll } from "../process/service.ts";
import { silent } from "../provision/say.ts";
import { brokerIsReady, createTopics, type TopicSpec } from "./admin.ts";
import { provideKafkaJars } from "./jars.ts";
import { provideJava } from "./java.ts";
import { newClusterId, openLogFolder } from "./log-folder.ts";

/** A restart after kill -9 waits out the old registration; the broker's recovery of a big log comes on top. */
const READY_DEADLINE_MS = 90_000;
const STOP_DEADLINE_MS = 15_000;

export type KafkaOptions = ServiceOptions & {
  /** Made at every start when they are not there yet. */
  readonly topics?: readonly TopicSpec[];
};

type Brokers = {
  /** host:port of every broker. */
  readonly brokers: readonly string[];
  createTopics(topics: readonly TopicSpec[]): Promise<void>;
};

export type Kafka = Running & Brokers;

// As measured: starts in under two seconds on two cores and stays below 450 MB.
const JVM = [
  "-Xmx384m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
];

/** Starts brokers on loopback, the first of which are the controllers. Throws NotProvided, or the log of one. */
const startNodes = async (count: number, controllerCount: number, options: KafkaOptions): Promise<Running[]> => {
  const { say = silent, settings } = options;
  const runtime = { java: await provideJava(say), classPath: join(await provideKafkaJars(say), "*") };
  const controllers = await Promise.all(Array.from({ length: controllerCount }, () => freePort()));
  const clusterId = newClusterId();
  const starts = Array.from({ length: count }, async (_, index) => {
    const nodeId = index + 1;
    const place = await openPlace(nodeId === 1 ? "kafka" : `kafka-${nodeId}`, options);
    const url = `127.0.0.1:${place.port}`;
    const config = { nodeId, port: place.port, nodes: count, controllers, clusterId, settings };
    return startService({
      ...place,
      url,
      stopDeadlineMs: STOP_DEADLINE_MS,
      readyDeadlineMs: READY_DEADLINE_MS,
      prepare: async () => {
        const properties = await openLogFolder(runtime, place.cwd, config, say);
        return { command: runtime.java, args: [...JVM, "-cp", runtime.classPath, "kafka.Kafka", properties] };
      },
      ready: () => brokerIsReady(url, nodeId),
    });
  });
  return startAll(starts);
};

const brokersOf = (nodes: readonly Running[]): Brokers => {
  const brokers = nodes.map((node) => node.url);
  return { brokers, createTopics: (topics) => createTopics(brokers, topics) };
};

/** Starts one real broker. */
export const startKafka = async (options: KafkaOptions = {}): Promise<Kafka> => {
  const [node] = (await startNodes(1, 1, options)) as [Running];
  const kafka = brokersOf([node]);
  const createOwn = () => kafka.createTopics(options.topics ?? []);
  await createOwn();
  return { ...node, ...kafka, restart: () => node.restart().then(createOwn) };
};

export type KafkaCluster = Brokers & { readonly nodes: readonly Running[]; stop(): Promise<void> };

export type KafkaClusterOptions = Pick<KafkaOptions, "settings" | "topics"> & {
  /** How many of the brokers are controllers too, the first ones; all three when not told. */
  readonly controllers?: 1 | 3;
};

/** Starts three brokers that are one cluster, each with a temporary data folder. */
export const startKafkaCluster = async (options: KafkaClusterOptions = {}): Promise<KafkaCluster> => {
  const nodes = await startNodes(3, options.controllers ?? 3, options);
  const kafka = brokersOf(nodes);
  await kafka.createTopics(options.topics ?? []);
  return { ...kafka, nodes, stop: () => stopAll(nodes) };
};
