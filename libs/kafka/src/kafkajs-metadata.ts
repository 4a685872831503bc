import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

const { createErrorFromCode }: { createErrorFromCode(code: number): Error } = require("kafkajs/src/protocol/error");
const LEADER_NOT_AVAILABLE = 5;
const VERSIONS = ["0", "1", "2", "3", "4", "5", "6"];
/** As Metadata says it. */
const NOBODY = "-1";

type Metadata = {
  readonly topicMetadata: readonly {
    readonly topicErrorCode: number;
    readonly partitionMetadata: readonly { readonly partitionErrorCode: number }[];
  }[];
};

/** Throws for any error but that a partition has no leader, which says nothing of the other partitions. */
const parse = async (metadata: Metadata): Promise<Metadata> => {
  const codes = metadata.topicMetadata.flatMap(({ topicErrorCode, partitionMetadata }) => [
    topicErrorCode,
    ...partitionMetadata
      .map(({ partitionErrorCode }) => partitionErrorCode)
      .filter((code) => code !== LEADER_NOT_AVAILABLE),
  ]);
  const failed = codes.find((code) => code !== 0);
  if (failed !== undefined) throw createErrorFromCode(failed);
  return metadata;
};

type Leaders = Readonly<Record<string, readonly number[]>>;
type Cluster = { findLeaderForPartitions(topic: string, partitions: readonly (number | string)[]): Leaders };

const clusterClass: { readonly prototype: Cluster } = require("kafkajs/src/cluster");
const findLeaders = clusterClass.prototype.findLeaderForPartitions;

/** The error is that of a broker which is asked for it, and as after that one the metadata is asked for again. */
function findLeaderForPartitions(this: Cluster, topic: string, partitions: readonly (number | string)[]): Leaders {
  const leaders = findLeaders.call(this, topic, partitions);
  if (NOBODY in leaders) throw createErrorFromCode(LEADER_NOT_AVAILABLE);
  return leaders;
}

/**
 * A partition without a leader is its own trouble: kafkajs throws the whole answer away for it, and then none of the topic's
 * partitions is published to from the next refresh on. For the kafkajs whose insides were read (`prepareKafkajs`).
 */
export const keepLeaderlessPartitionsApart = (): void => {
  for (const version of VERSIONS) {
    const response: { parse: typeof parse } = require(`kafkajs/src/protocol/requests/metadata/v${version}/response`);
    response.parse = parse;
  }
  clusterClass.prototype.findLeaderForPartitions = findLeaderForPartitions;
};
