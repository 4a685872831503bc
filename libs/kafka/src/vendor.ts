import type { SinkRecord } from "@spillway/event";
import type { Verdict } from "./outcome-table.ts";
import type { TopicSettings } from "./record-age.ts";

/** A client for one topic. */
export type Opened<Client> = {
  /** Rejects with the vendor's error. */
  readonly client: Promise<Client>;
  /** Ends it, in-flight requests and sockets included, within the deadline for closing. Never rejects. */
  close(): Promise<void>;
};

/** What is the client's; the rules are in `sink.ts`. */
export type Vendor<Client, Encoded> = {
  open(): Opened<Client>;
  /** In the shape that `send` takes. Throws for records that cannot be written, which is then their own fault: it asks nobody. */
  encode(topic: string, partition: number, records: readonly SinkRecord[]): Encoded;
  /**
   * One attempt. True only when the broker confirmed the batch for exactly this partition; rejects with the vendor's
   * error.
   */
  send(client: Client, topic: string, partition: number, encoded: Encoded): Promise<boolean>;
  verdictOf(error: unknown): Verdict;
  /** Asks on a connection of its own, so that one topic's trouble stays out of the metadata of another's producer. */
  countPartitions(topic: string): Promise<number>;
  /** Needs the right to DESCRIBE_CONFIGS; rejects without it. */
  topicSettings(topic: string): Promise<TopicSettings>;
  /** `host:port` of every broker, as it advertises it. */
  brokers(): Promise<readonly string[]>;
  /** Resolves when this very address answers a request on a new connection, past TLS and SASL. */
  knock(address: string): Promise<void>;
};
