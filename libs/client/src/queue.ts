import { ClientError } from "./client-error.ts";
import type { CompleteEvent } from "./event.ts";
import type { Outcome } from "./outcome.ts";

/** An event that waits for its outcome. */
export type Entry = CompleteEvent & {
  readonly bytes: number;
  /** Since when it may be sent without company. */
  readonly dueMs: number;
  /** In the store; null without one. */
  readonly ref: number | null;
  readonly outcome: Promise<Outcome>;
  readonly settle: (outcome: Outcome) => void;
};

export type QueueLimits = { readonly queueEventsMax: number; readonly queueBytesMax: number };

const encoder = new TextEncoder();

export const bytesOf = (text: string): number => encoder.encode(text).byteLength;

const createEntry = (event: CompleteEvent, bytes: number, dueMs: number, ref: number | null): Entry => {
  let settle: Entry["settle"] = () => undefined;
  const outcome = new Promise<Outcome>((resolve) => {
    settle = resolve;
  });
  return { ...event, bytes, dueMs, ref, outcome, settle };
};

/** What `send` took and nobody has told the end of, in its order; bounded by count and bytes. Nothing ever falls out of it. */
export const createQueue = ({ queueEventsMax, queueBytesMax }: QueueLimits) => {
  const entries = new Set<Entry>();
  let events = 0;
  let bytes = 0;

  /** Takes room for an event of so many bytes. Throws `queue_full`. */
  const reserve = (size: number): void => {
    // One that is larger than all the room may be sent, alone.
    if (events >= queueEventsMax || (events > 0 && bytes + size > queueBytesMax))
      throw new ClientError("queue_full", `${events} events of ${bytes} bytes wait to be sent`);
    events++;
    bytes += size;
  };
  const release = (size: number): void => {
    events--;
    bytes -= size;
  };
  const add = (event: CompleteEvent, size: number, dueMs: number, ref: number | null): Entry => {
    const entry = createEntry(event, size, dueMs, ref);
    entries.add(entry);
    return entry;
  };

  return {
    entries: entries as ReadonlySet<Entry>,
    bytes: () => bytes,
    reserve,
    release,
    /** Of an event that has its room. */
    add,
    /** Of one that was taken by an earlier process: it has its room, full or not. */
    restore: (event: CompleteEvent, dueMs: number, ref: number): void => {
      const size = bytesOf(event.text);
      events++;
      bytes += size;
      add(event, size, dueMs, ref);
    },
    /** False for one whose outcome is known already: by page hide, an event may be under way twice. */
    settle: (entry: Entry, outcome: Outcome): boolean => {
      if (!entries.delete(entry)) return false;
      release(entry.bytes);
      entry.settle(outcome);
      return true;
    },
  };
};

export type Queue = ReturnType<typeof createQueue>;
