import { late } from "@spillway/event";
import { type Address, nameOf } from "./connection.ts";
import type { BrokerConnection, TopicLeaders } from "./kafkajs-connection.ts";
import { kafkajsVerdict } from "./kafkajs-errors.ts";
import { clientTable, type Verdict } from "./outcome-table.ts";

export type MetadataOptions = {
  /** Where to ask first, each time from another start. */
  seeds(): readonly Address[];
  open(at: Address): Promise<BrokerConnection>;
  /** The answer, or `late`. */
  within<T>(work: Promise<T>): Promise<T | typeof late>;
};

export const verdictOfFailure = (error: unknown): Verdict =>
  error === late ? clientTable.requestTimeout : kafkajsVerdict(error);

/** Where metadata is asked for: a connection of its own, which stays; of a seed, else of any broker that was heard of. */
export const createMetadataConnection = ({ seeds, open, within }: MetadataOptions) => {
  const heardOf = new Map<string, Address>();
  let connection: Promise<BrokerConnection> | null = null;
  let isClosed = false;

  const closeConnection = (): void => {
    const closing = connection;
    connection = null;
    // One that never opened has closed itself.
    closing?.then(
      (one) => one.close(),
      () => undefined,
    );
  };

  const askOn = async (asked: Promise<BrokerConnection>, topic: string): Promise<TopicLeaders> => {
    // Opening has a deadline of its own.
    const one = await asked;
    const found = await within(one.leaders(topic));
    if (found === late) throw late;
    for (const { leader } of found) if ("host" in leader) heardOf.set(nameOf(leader), leader);
    return found;
  };

  return {
    /** Of the connection that is there, else of the first address that answers; that one knows no such topic is an answer, too. */
    leadersOf: async (topic: string): Promise<TopicLeaders> => {
      let met: unknown;
      const addresses = new Map([...seeds().map((seed) => [nameOf(seed), seed] as const), ...heardOf]);
      for (const address of [null, ...addresses.values()]) {
        if (isClosed) throw late;
        if (address !== null) connection = open(address);
        if (connection === null) continue;
        try {
          return await askOn(connection, topic);
        } catch (error) {
          if (verdictOfFailure(error).client === "keep") throw error;
          closeConnection();
          if (address !== null) met ??= error;
        }
      }
      throw met;
    },
    close: (): void => {
      isClosed = true;
      closeConnection();
    },
  };
};
