import type { Address } from "./connection.ts";
import type { TopicLeaders } from "./kafkajs-connection.ts";
import { verdictOfFailure } from "./metadata-connection.ts";
import { clientTable, ofProtocolCode, type Verdict } from "./outcome-table.ts";

type Topic = { readonly leaders: ReadonlyMap<number, TopicLeaders[number]["leader"]>; readonly doubted: Set<number> };

/** Who leads each partition, topic by topic: what is wrong with one says nothing of the others. `ask` rejects with a failure. */
export const createLeaders = (ask: (topic: string) => Promise<TopicLeaders>) => {
  const topics = new Map<string, Topic>();
  const asking = new Map<string, Promise<number>>();

  const learn = (topic: string, found: TopicLeaders): number => {
    const leaders = new Map(found.map(({ partition, leader }) => [partition, leader]));
    topics.set(topic, { leaders, doubted: new Set() });
    return found.length;
  };

  /** Asks now, once for all who want it, and answers the number of partitions. Rejects with the failure. */
  const refresh = (topic: string): Promise<number> => {
    const running = asking.get(topic);
    if (running) return running;
    const answer = ask(topic)
      .then((found) => learn(topic, found))
      .finally(() => asking.delete(topic));
    asking.set(topic, answer);
    return answer;
  };

  const known = (topic: string, partition: number): Address | Verdict | null => {
    const found = topics.get(topic);
    if (found === undefined || found.doubted.has(partition)) return null;
    const leader = found.leaders.get(partition);
    if (leader === undefined) return null;
    return "host" in leader ? leader : ofProtocolCode(leader.code);
  };

  return {
    refresh,
    /** What is known, without asking; null: nothing that is not in doubt. */
    known,
    of: async (topic: string, partition: number): Promise<Address | Verdict> => {
      try {
        await refresh(topic);
      } catch (error) {
        return verdictOfFailure(error);
      }
      return known(topic, partition) ?? clientTable.metadata;
    },
    /** Something went wrong there: who leads it is asked for before anything else is sent to it. */
    doubt: (topic: string, partition: number): void => void topics.get(topic)?.doubted.add(partition),
  };
};
