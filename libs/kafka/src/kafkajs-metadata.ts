/// <reference path="./kafkajs-insides.d.ts" />
import cluster from "kafkajs/src/cluster/index.js";
import error from "kafkajs/src/protocol/error.js";
import response0 from "kafkajs/src/protocol/requests/metadata/v0/response.js";
import response1 from "kafkajs/src/protocol/requests/metadata/v1/response.js";
import response2 from "kafkajs/src/protocol/requests/metadata/v2/response.js";
import response3 from "kafkajs/src/protocol/requests/metadata/v3/response.js";
import response4 from "kafkajs/src/protocol/requests/metadata/v4/response.js";
import response5 from "kafkajs/src/protocol/requests/metadata/v5/response.js";
import response6 from "kafkajs/src/protocol/requests/metadata/v6/response.js";

const { createErrorFromCode } = error as { createErrorFromCode(code: number): Error };
const LEADER_NOT_AVAILABLE = 5;
/** Of each version of the request. */
const responses = [response0, response1, response2, response3, response4, response5, response6] as {
  parse: typeof parse;
}[];
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

const clusterClass = cluster as { readonly prototype: Cluster };
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
  for (const response of responses) response.parse = parse;
  clusterClass.prototype.findLeaderForPartitions = findLeaderForPartitions;
};
