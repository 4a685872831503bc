import type { AdminQuestions } from "./admin-questions.ts";
import { addressOf, nameOf } from "./connection.ts";
import type { BrokerConnection, FetchedRecord, TopicLeaders } from "./kafkajs-connection.ts";
import type { KafkaSettings } from "./options.ts";

export type RecordQuery = {
  readonly topics: readonly string[];
  /** The record's header has a value that begins so. */
  readonly header: string;
  readonly beginning: string;
  /** Whether it is this one, of several that begin so. */
  readonly isMeant: (value: Uint8Array) => boolean;
  /** By the time of the records. */
  readonly fromMs: number;
  readonly untilMs: number;
};

/** `records`: how many were read. `isWhole`: all of that time were. */
export type RecordFound =
  | {
      readonly kind: "found";
      readonly topic: string;
      readonly partition: number;
      readonly offset: string;
      readonly atMs: number;
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: "absent"; readonly records: number; readonly isWhole: boolean };

/** Of one search, all partitions together. */
export const RECORDS_MAX = 50_000;

type Open = (settings: KafkaSettings, at: { host: string; port: number }) => Promise<BrokerConnection>;
type Stretch = { readonly topic: string; readonly partition: number; readonly from: bigint; readonly until: bigint };

const headersOf = ({ headers }: FetchedRecord): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value ?? "")]));

/** Where each partition is to be read, and who leads it. */
const stretchesOf = async (questions: AdminQuestions, topic: string, { fromMs, untilMs }: RecordQuery) => {
  const from = await questions.offsetsAt(topic, fromMs);
  const until = new Map((await questions.offsetsAt(topic, untilMs)).map((one) => [one.partition, one.offset]));
  return from.map(({ partition, offset }): Stretch => {
    return { topic, partition, from: BigInt(offset), until: BigInt(until.get(partition) ?? offset) };
  });
};

const createConnections = (settings: KafkaSettings, open: Open) => {
  const connections = new Map<string, Promise<BrokerConnection>>();
  const to = (at: { host: string; port: number }): Promise<BrokerConnection> => {
    const opened = connections.get(nameOf(at)) ?? open(settings, at);
    connections.set(nameOf(at), opened);
    return opened;
  };
  return {
    to,
    close: async (): Promise<void> => {
      for (const opened of await Promise.allSettled(connections.values()))
        if (opened.status === "fulfilled") opened.value.close();
    },
  };
};

const leaderOf = (leaders: TopicLeaders, partition: number) => {
  const leader = leaders.find((one) => one.partition === partition)?.leader;
  return leader === undefined || "code" in leader ? null : leader;
};

/** Reads what is within the times, partition by partition, until it is found. Rejects with what kafkajs throws. */
export const findRecord = async (
  settings: KafkaSettings,
  questions: AdminQuestions,
  open: Open,
  query: RecordQuery,
): Promise<RecordFound> => {
  const connections = createConnections(settings, open);
  const [seed] = settings.connection.brokers;
  let records = 0;
  let isWhole = true;

  const read = async (connection: BrokerConnection, { topic, partition, from, until }: Stretch) => {
    for (let next = from; next < until; ) {
      if (records >= RECORDS_MAX) {
        isWhole = false;
        return null;
      }
      const fetched = await connection.fetch(topic, partition, String(next));
      // Those beside them in their batches.
      const some = fetched.filter(({ offset }) => BigInt(offset) >= next && BigInt(offset) < until);
      if (some.length === 0) return null;
      for (const record of some) {
        records++;
        const headers = headersOf(record);
        if (!headers[query.header]?.startsWith(query.beginning) || !query.isMeant(record.value ?? Buffer.alloc(0)))
          continue;
        return {
          kind: "found",
          topic,
          partition,
          offset: record.offset,
          atMs: Number(record.timestamp),
          headers,
        } as const;
      }
      next = BigInt(some.at(-1)?.offset ?? 0) + 1n;
    }
    return null;
  };

  try {
    const first = await connections.to(addressOf(seed ?? ""));
    for (const topic of query.topics) {
      const leaders = await first.leaders(topic);
      for (const stretch of await stretchesOf(questions, topic, query)) {
        if (stretch.from >= stretch.until) continue;
        const leader = leaderOf(leaders, stretch.partition);
        if (leader === null) {
          isWhole = false;
          continue;
        }
        const found = await read(await connections.to(leader), stretch);
        if (found !== null) return found;
      }
    }
    return { kind: "absent", records, isWhole };
  } finally {
    await connections.close();
  }
};
