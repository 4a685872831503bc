import type { Trouble } from "./apply-answer.ts";
import type { Clock } from "./clock.ts";
import type { ClientEvent, TraceContext } from "./event.ts";
import type { EventStore } from "./event-store.ts";
import type { Refusal } from "./outcome.ts";
import type { Page } from "./page.ts";
import type { Transport } from "./transport.ts";

export type ClientOptions = {
  /** Of the edge, or of what stands before it; `/v1/batch` is put behind it. In a browser a path of the page's origin will do. */
  readonly url: string;
  /** Undefined where something on the way adds it. A browser shows it to everybody: there it is a publishable one, `pk_…`. */
  readonly key?: string;
  /** Of events that name none. */
  readonly source?: string;
  /** Keeps events until their outcome is known. Without one they are as safe as the process. */
  readonly store?: EventStore;
  /** Called by `send`: the trace that the event belongs to. */
  readonly traceContext?: () => TraceContext | undefined;
  /** An event was refused for good. Written to the console unless given, without its content. */
  readonly onRefused?: (refusal: Refusal & { readonly id: string; readonly event: ClientEvent }) => void;
  /** Something is tried again. */
  readonly onTrouble?: (trouble: Trouble) => void;
  /** A batch is sent with so many events; 500. … */
  readonly batchEventsMax?: number;
  /** … or bytes; 512 KiB. … */
  readonly batchBytesMax?: number;
  /** … or when its first event has waited so long; 1 s. */
  readonly lingerMs?: number;
  /** So many events wait at most; 10,000. Beyond it `send` rejects. */
  readonly queueEventsMax?: number;
  /** So many bytes; 16 MiB. */
  readonly queueBytesMax?: number;
  /** For an answer; 10 s. The edge has one within a second of the body's end. */
  readonly timeoutMs?: number;
  /** Bodies of a kilobyte and more are packed; true. */
  readonly gzip?: boolean;
  /** In place of the runtime's. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
};

type Defaulted = Required<
  Pick<
    ClientOptions,
    "batchEventsMax" | "batchBytesMax" | "lingerMs" | "queueEventsMax" | "queueBytesMax" | "timeoutMs" | "gzip"
  >
>;

const defaults: Defaulted = {
  batchEventsMax: 500,
  batchBytesMax: 512 * 1024,
  lingerMs: 1_000,
  queueEventsMax: 10_000,
  queueBytesMax: 16 * 1024 * 1024,
  timeoutMs: 10_000,
  gzip: true,
};

/** Nobody says `undefined` for infinity. */
export const withDefaults = (options: ClientOptions): ClientOptions & Defaulted => ({
  ...defaults,
  ...(Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as ClientOptions),
});

/** The world, which a test puts something else in the place of. */
export type ClientPorts = {
  readonly clock: Clock;
  readonly random: () => number;
  readonly transport: Transport;
  readonly page: Page | undefined;
};
