import { clientTable, naming, ofProtocolCode, type Verdict } from "./outcome-table.ts";
import type { PartitionAnswer, PartitionBatch } from "./produce-request.ts";

const verdictOf = (answer: PartitionAnswer | undefined): Verdict | null => {
  if (answer === undefined) return clientTable.unconfirmed;
  if (answer.errorCode !== 0) return naming(ofProtocolCode(answer.errorCode), answer.refused);
  return answer.baseOffset >= 0n ? null : clientTable.unconfirmed;
};

/** What the answer means for each batch, in their order. Null only for one that it confirms by name, with an offset. */
export const verdictsOf = (
  batches: readonly PartitionBatch[],
  answers: readonly PartitionAnswer[],
): readonly (Verdict | null)[] =>
  batches.map(({ topic, partition }) =>
    verdictOf(answers.find((answer) => answer.topic === topic && answer.partition === partition)),
  );
