/// <reference lib="esnext.disposable" preserve="true" />
import { ClientError } from "./client-error.ts";
import { systemClock } from "./clock.ts";
import { type ClientEvent, type CompleteEvent, completeEvent, readComplete } from "./event.ts";
import type { KeptEvent } from "./event-store.ts";
import { createKeeper } from "./keeper.ts";
import { type ClientOptions, type ClientPorts, withDefaults } from "./options.ts";
import type { Outcome } from "./outcome.ts";
import { onPageHide } from "./page.ts";
import { bytesOf, createQueue, type Entry } from "./queue.ts";
import { createSender } from "./sender.ts";
import { createFetchTransport } from "./transport.ts";

export type Sent = {
  readonly id: string;
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
};

/** How many events have no outcome yet. */
export type Left = { readonly unsent: number };

export type Client<Types extends object> = {
  /**
   * Takes an event: from now on it is sent until its outcome is known. With a store it is on disk when this resolves. Rejects
   * with `ClientError` when it is not taken.
   */
  send(event: ClientEvent<Types>): Promise<Sent>;
  /** Sends without waiting for company; resolves when all that came before has an outcome, or after `timeoutMs`. */
  flush(options?: { readonly timeoutMs?: number }): Promise<Left>;
  /** A last flush, of 75 s unless told: longer than a Retry-After of a minute. What is left is `unsent`; a store keeps it. */
  close(options?: { readonly timeoutMs?: number }): Promise<Left>;
  [Symbol.asyncDispose](): Promise<void>;
};

const CLOSE_MS = 75_000;

const complain: NonNullable<ClientOptions["onRefused"]> = ({ id, code, detail, pointer }) =>
  console.error(`spillway refused event ${id}: ${code} ${pointer} ${detail}`);

/** A fault of the caller's own function is the caller's to see, and does not end the sending. */
const outside = (call: () => void): void => queueMicrotask(call);

/** What takes events, and tells their outcomes to whoever wants to know. */
const createIntake = (options: ClientOptions, { clock, random, transport, page }: ClientPorts) => {
  const { onRefused = complain, onTrouble } = options;
  const limits = withDefaults(options);
  const queue = createQueue(limits);

  const onOutcome = (entry: Entry, outcome: Outcome): void => {
    if (outcome.kind === "refused")
      outside(() => onRefused({ ...outcome, id: entry.id, event: JSON.parse(entry.text) }));
    if (entry.ref !== null && outcome.kind !== "unsent") keeper.forget(entry.ref);
  };
  const ports = { clock, random, transport, queue, onOutcome };
  const sender = createSender({ ...ports, onTrouble: (trouble) => outside(() => onTrouble?.(trouble)) }, limits);
  const restore = (kept: readonly KeptEvent[]): void => {
    for (const { ref, text } of kept) queue.restore(readComplete(text), clock.monotonicMs(), ref);
    sender.open();
  };
  const keeper = createKeeper(options.store, restore, (error) => outside(() => console.error(error)));
  const stopHiding = onPageHide(page, sender.hide);

  return {
    queue,
    sender,
    isOpen: keeper.isOpen,
    /** Nothing is waited for where there is no store: so a page that is hidden next has it in the queue. */
    take: async (event: CompleteEvent): Promise<Sent> => {
      const bytes = bytesOf(event.text);
      queue.reserve(bytes);
      try {
        const ref = options.store === undefined ? null : await keeper.keep(event.text);
        const entry = queue.add(event, bytes, clock.monotonicMs() + limits.lingerMs, ref);
        sender.added(entry);
        return { id: event.id, outcome: entry.outcome };
      } catch (error) {
        queue.release(bytes);
        throw error;
      }
    },
    close: (): Promise<void> => {
      stopHiding();
      sender.close();
      return keeper.close();
    },
  };
};

export const createClientOn = <Types extends object>(options: ClientOptions, ports: ClientPorts): Client<Types> => {
  const { clock } = ports;
  const { queue, sender, isOpen, take, close } = createIntake(options, ports);
  const completion = { source: options.source, traceContext: options.traceContext, wallMs: clock.wallMs };
  /** What a store has not taken yet. */
  const taking = new Set<Promise<Sent>>();
  let closing: Promise<Left> | undefined;

  const flush: Client<Types>["flush"] = async ({ timeoutMs } = {}) => {
    await isOpen;
    await Promise.allSettled(taking);
    const enough = new AbortController();
    if (timeoutMs !== undefined) void clock.sleep(timeoutMs, enough.signal).then(() => enough.abort());
    await sender.flush(enough.signal);
    enough.abort();
    return { unsent: queue.entries.size };
  };
  const flushAndClose = async (timeoutMs: number): Promise<Left> => {
    const left = await flush({ timeoutMs });
    await close();
    return left;
  };
  const client: Client<Types> = {
    send: async (event) => {
      if (closing !== undefined) throw new ClientError("closed", "the client is closed");
      const takes = take(completeEvent(event as ClientEvent, completion));
      taking.add(takes);
      return takes.finally(() => taking.delete(takes));
    },
    flush,
    close: ({ timeoutMs = CLOSE_MS } = {}) => {
      closing ??= flushAndClose(timeoutMs);
      return closing;
    },
    [Symbol.asyncDispose]: async () => void (await client.close()),
  };
  return client;
};

/**
 * A client of one edge, for events whose data is typed by `Types`. Its requests go one after the other, so that events of a key
 * keep their order: make one client and use it everywhere.
 */
export const createClient = <Types extends object = Record<string, unknown>>(options: ClientOptions): Client<Types> => {
  const request = (url: string, init: RequestInit) => globalThis.fetch(url, init);
  const { wallMs } = systemClock;
  const transport = createFetchTransport({ fetch: request, ...withDefaults(options), wallMs });
  const page = typeof document === "undefined" ? undefined : document;
  return createClientOn<Types>(options, { clock: systemClock, random: Math.random, transport, page });
};
