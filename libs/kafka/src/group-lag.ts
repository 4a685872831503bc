import type { AdminQuestions } from "./admin-questions.ts";

/** How far a consumer group is behind the end of a topic. */
export type GroupLag = {
  readonly group: string;
  readonly topic: string;
  /** Null: it is not known. */
  readonly records: number | null;
  /** All its offsets in the topic added up: what moves when it reads. Null: not known. */
  readonly committed: number | null;
  /** Why: Kafka did not say, or of a partition that holds something the group has committed nothing. */
  readonly unknown: "not_answered" | "not_committed" | null;
};

type Ends = Readonly<Record<"low" | "high", number>>;
type Committed = readonly { readonly partition: number; readonly offset: string }[];

type Lag = Omit<GroupLag, "group" | "topic">;
const unknownSince = (unknown: NonNullable<Lag["unknown"]>): Lag => ({ records: null, committed: null, unknown });

const lagOf = (offsets: Committed, ends: ReadonlyMap<number, Ends>): Lag => {
  let [records, committed] = [0, 0];
  for (const [partition, { low, high }] of ends) {
    const offset = Number(offsets.find((one) => one.partition === partition)?.offset ?? -1);
    if (offset < 0 && high > low) return unknownSince("not_committed");
    if (offset < 0) continue;
    // What retention has taken away it cannot read any more.
    records += Math.max(0, high - Math.max(offset, low));
    committed += offset;
  }
  return { records, committed, unknown: null };
};

const settledOr = async <T>(answer: Promise<T>): Promise<T | null> => {
  const [settled] = await Promise.allSettled([answer]);
  return settled?.status === "fulfilled" ? settled.value : null;
};

/** Of each group and topic. Never rejects: what Kafka does not say is unknown. */
export const askGroupLags = async (
  questions: Pick<AdminQuestions, "committed" | "ends">,
  groups: readonly string[],
  topics: readonly string[],
): Promise<readonly GroupLag[]> => {
  const ends = new Map<string, ReadonlyMap<number, Ends> | null>();
  for (const topic of topics) {
    const said = await settledOr(questions.ends(topic));
    const each = said?.map(
      ({ partition, low, high }) => [partition, { low: Number(low), high: Number(high) }] as const,
    );
    ends.set(topic, each === undefined ? null : new Map(each));
  }
  const lags: GroupLag[] = [];
  for (const group of groups) {
    const committed = await settledOr(questions.committed(group, topics));
    for (const topic of topics) {
      const there = ends.get(topic);
      const own = committed?.find((one) => one.topic === topic)?.partitions;
      const isTold = there !== null && there !== undefined && own !== undefined;
      lags.push({ group, topic, ...(isTold ? lagOf(own, there) : unknownSince("not_answered")) });
    }
  }
  return lags;
};
