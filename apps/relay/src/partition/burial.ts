import { type DeadLetter, receivedAtMsOf } from "@spillway/event";
import type { RelayParts } from "../parts.ts";
import { recordDone } from "../shard/in-hand.ts";
import type { Refused } from "./remainder.ts";

/** `signal`: `standStill` waits no more then, so nothing is tried again, and the entry is still in the stream. */
export type BurialOptions = Pick<RelayParts, "deadLetters" | "measures" | "signal"> & {
  readonly topic: string;
  /** Called each time the dead letters could not be written; they are tried again when it resolves. */
  readonly standStill: (code: string) => Promise<void>;
};

const letterOf = ({ record, fatal, attempts }: Refused, topic: string): DeadLetter => {
  const { from, index } = record;
  const event = from.chunkEvents[index];
  return {
    shard: from.term.lease.shard,
    entry: from.id,
    index,
    deadLetterClass: fatal.deadLetterClass,
    code: fatal.code,
    detail: `Kafka refused this event for topic ${topic} after ${attempts} ${attempts === 1 ? "attempt" : "attempts"}: ${fatal.code}.`,
    topic,
    type: event?.type ?? null,
    partitionKey: record.key,
    traceparent: event?.traceparent ?? null,
    ...(event?.tracestate === undefined ? null : { tracestate: event.tracestate }),
    identity: event?.identity ?? null,
    replay: event?.replay ?? 0,
    attempts,
    receivedAtMs: receivedAtMsOf(from, index),
    bytes: record.value,
  };
};

/** Answers whether the dead letters hold the records now; if not, these are the next owner's to put there. */
export const createBurial =
  ({ topic, deadLetters, measures, standStill, signal }: BurialOptions) =>
  async (refused: readonly Refused[]): Promise<boolean> => {
    while (!signal.aborted) {
      const ours = refused.filter(({ record }) => record.from.term.holds());
      if (ours.length === 0) return false;
      const answer = await deadLetters.put(ours.map((one) => letterOf(one, topic)));
      if (!answer.ok) {
        await standStill(answer.code);
        continue;
      }
      for (const { record, fatal } of ours) {
        measures.deadLetters.add(1, { class: fatal.deadLetterClass });
        record.from.dead++;
        recordDone(record);
      }
      return true;
    }
    return false;
  };
