import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

type Decoder = {
  readArray<T>(read: (decoder: Decoder) => T): T[];
  readString(): string | null;
  readInt16(): number;
  readInt32(): number;
  readInt64(): bigint;
};

const Decoder: new (bytes: Buffer) => Decoder = require("kafkajs/src/protocol/decoder");
const { createErrorFromCode }: { createErrorFromCode(code: number): Error } = require("kafkajs/src/protocol/error");

const partitionOf = (decoder: Decoder) => ({
  partition: decoder.readInt32(),
  errorCode: decoder.readInt16(),
  baseOffset: String(decoder.readInt64()),
  logAppendTime: String(decoder.readInt64()),
  logStartOffset: String(decoder.readInt64()),
  refused: decoder.readArray((error) => {
    const index = error.readInt32();
    error.readString();
    return index;
  }),
  errorMessage: decoder.readString(),
});

type Produced = { readonly topics: readonly { readonly partitions: readonly ReturnType<typeof partitionOf>[] }[] };

/** Produce version 8 (KIP-467): as 7, and the answer names the records of the batch that are refused. */
const produceResponse = {
  decode: async (bytes: Buffer) => {
    const decoder = new Decoder(bytes);
    const topics = decoder.readArray((topic) => ({
      topicName: topic.readString(),
      partitions: topic.readArray(partitionOf),
    }));
    return { topics, throttleTime: 0, clientSideThrottleTime: decoder.readInt32() };
  },
  parse: async (produced: Produced) => {
    const failed = produced.topics.flatMap(({ partitions }) => partitions.filter(({ errorCode }) => errorCode !== 0));
    const [first] = failed;
    if (first) throw Object.assign(createErrorFromCode(first.errorCode), { refused: first.refused });
    return produced;
  },
};

type Exchange = { readonly request: object; readonly response: object };
type Versions = { readonly versions: string[]; protocol(asked: { version: string }): (body: object) => Exchange };

/** What kafkajs can say and hear of Produce; it stops at 7. */
const produce: Versions = require("kafkajs/src/protocol/requests/produce");

/** Adds version 8; for the kafkajs whose insides were read (`prepareKafkajs`). */
export const nameRefusedRecords = (): void => {
  if (produce.versions.includes("8")) return;
  const upTo7 = produce.protocol;
  produce.versions.push("8");
  produce.protocol = ({ version }) => {
    if (Number(version) !== 8) return upTo7({ version });
    return (body) => {
      const { request } = upTo7({ version: "7" })(body);
      return { request: Object.assign(request, { apiVersion: 8 }), response: produceResponse };
    };
  };
};
