import { createAlarm } from "./alarm.ts";
import { type ApplyPorts, createApplyAnswer } from "./apply-answer.ts";
import type { Clock } from "./clock.ts";
import { createMode } from "./mode.ts";
import { type BatchLimits, beginning, nextStep } from "./next-step.ts";
import { unsent } from "./outcome.ts";
import type { Entry } from "./queue.ts";
import type { Transport } from "./transport.ts";
import { createWaits } from "./waits.ts";

export type SenderPorts = Omit<ApplyPorts, "waits" | "clock"> & {
  readonly clock: Clock;
  readonly random: () => number;
  readonly transport: Transport;
};

/** Of 64 KiB that a browser gives all such requests of a page together. */
const KEEPALIVE_BYTES_MAX = 60_000;

const bodyOf = (batch: readonly Entry[]): string => `[${batch.map(({ text }) => text).join(",")}]`;

/** One request at a time, until each event has an outcome. It never gives up by itself: a full queue tells those who send. */
const createPump = (ports: SenderPorts, limits: BatchLimits) => {
  const { clock, queue, transport } = ports;
  const mode = createMode();
  const alarm = createAlarm(clock);
  const waits = createWaits(clock, ports.random);
  const answers = createApplyAnswer({ ...ports, waits }, limits.batchEventsMax);
  let flushes = 0;

  /** Sends, and does what the answer says. */
  const exchange = async (batch: readonly Entry[], keepalive: boolean): Promise<void> => {
    const answer = await transport(bodyOf(batch), keepalive);
    if (!mode.is("closed")) answers.apply(batch, answer);
  };

  const send = async (batch: readonly Entry[], keepalive: boolean): Promise<void> => {
    alarm.stop();
    mode.to("sending");
    await exchange(batch, keepalive);
    if (mode.is("closed")) return;
    mode.to("resting");
    step();
  };

  const waitUntil = (atMs: number): void => {
    mode.to("waiting");
    alarm.set(atMs, step);
  };

  const step = (): void => {
    const now = { ...limits, batchEventsMax: answers.batchEventsMax() };
    const next = nextStep(queue.entries, waits.now(), now, clock.monotonicMs(), flushes > 0);
    if (next.kind === "wait") waitUntil(next.untilMs);
    else if (next.kind === "send") void send(next.batch, false);
    else if (!mode.is("resting")) mode.to("resting");
  };

  return {
    mode,
    alarm,
    answers,
    exchange,
    send,
    step,
    /** Looks again at that time at the latest; while an answer is waited for it is looked anyhow. */
    wake: (atMs: number): void => {
      if (mode.is("resting") || (mode.is("waiting") && atMs < alarm.atMs())) waitUntil(atMs);
    },
    /** While `during` runs nothing waits for company. */
    hurry: async (during: Promise<unknown>): Promise<void> => {
      flushes++;
      await during;
      flushes--;
    },
  };
};

/** Sends what is in the queue. */
export const createSender = (ports: SenderPorts, limits: BatchLimits) => {
  const { clock, queue } = ports;
  const { mode, alarm, answers, exchange, send, step, wake, hurry } = createPump(ports, limits);
  let hiding: Entry | undefined;

  return {
    /** What was in the store is in the queue. */
    open: (): void => {
      mode.to("resting");
      step();
    },
    /** It is in the queue since now. */
    added: (entry: Entry): void => {
      const isFull = queue.entries.size >= answers.batchEventsMax() || queue.bytes() >= limits.batchBytesMax;
      wake(isFull ? clock.monotonicMs() : entry.dueMs);
    },
    /** Resolves when all that is in the queue now has an outcome, or the signal aborts. */
    flush: async (signal: AbortSignal): Promise<void> => {
      const all = Promise.all([...queue.entries].map(({ outcome }) => outcome));
      const enough = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      const flushed = hurry(Promise.race([all, enough]));
      wake(clock.monotonicMs());
      await flushed;
    },
    /**
     * The page may be gone in a moment: sends what fits from the beginning of the queue, a request under way included, since it may
     * die with the page. Copies are one event to the edge.
     */
    hide: (): void => {
      const batch = beginning(queue.entries, KEEPALIVE_BYTES_MAX);
      const last = batch.at(-1);
      if (last === undefined || last === hiding || mode.is("opening", "closed")) return;
      hiding = last;
      const sends = mode.is("sending") ? exchange(batch, true) : send(batch, true);
      void sends.then(() => {
        if (hiding === last) hiding = undefined;
      });
    },
    /** For good. What has no outcome yet is `unsent`. */
    close: (): void => {
      alarm.stop();
      mode.to("closed");
      for (const entry of [...queue.entries]) answers.settle(entry, unsent);
    },
  };
};
