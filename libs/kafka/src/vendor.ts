import type { SinkRecord } from "@spillway/event";
import type { Verdict } from "./outcome-table.ts";

/** A client for one topic. */
export type Opened<Client> = {
  /** Rejects with the vendor's error. */
  readonly client: Promise<Client>;
  /** Ends it, in-flight requests and sockets included, within the deadline for closing. Never rejects. */
  close(): Promise<void>;
};

/** What the two Kafka clients do differently; every rule that they share is in `sink.ts`. */
export type Vendor<Client> = {
  readonly name: string;
  open(): Opened<Client>;
  /**
   * One attempt. True only when the broker confirmed the batch for exactly this partition; rejects with the vendor's
   * error.
   */
  send(client: Client, topic: string, partition: number, records: readonly SinkRecord[]): Promise<boolean>;
  verdictOf(error: unknown): Verdict;
  /** Asks on a connection of its own, so that one topic's trouble stays out of the metadata of another's producer. */
  countPartitions(topic: string): Promise<number>;
  /** Resolves when a broker answers a metadata request on a new connection. */
  ping(): Promise<void>;
};
