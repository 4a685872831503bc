import type { Log } from "@spillway/telemetry";
import { CONNECTIONS_MAX, createBrokerConnections } from "./broker-connections.ts";
import type { BrokerConnection } from "./kafkajs-connection.ts";
import { kafkajsVerdict } from "./kafkajs-errors.ts";
import { verdictOfFailure } from "./metadata-connection.ts";
import { clientTable, type Verdict } from "./outcome-table.ts";
import type { Place } from "./place.ts";
import { verdictsOf } from "./produce-verdicts.ts";
import type { Timers } from "./timers.ts";

/** Together in one request, beside the first: less than a broker's work of a few ms, so that what waits meanwhile is soon next. */
const REQUEST_BYTES_MAX = 1_048_576;
/** What is not answered by then holds up nobody else any more. */
const LATE_MS = 1_000;

/** One publish on its way. */
export type Waiting = {
  readonly place: Place;
  readonly batch: Buffer;
  readonly sinceMs: number;
  /** Whether it may be sent now. */
  mayStart(): boolean;
  /** Null: confirmed. */
  settle(verdict: Verdict | null): void;
};

export type BrokerQueueOptions = {
  /** For the log. */
  readonly broker: string;
  open(): Promise<BrokerConnection>;
  readonly deadlines: { readonly requestMs: number; readonly publishMs: number };
  readonly timers: Timers;
  readonly log: Log;
};

type Flight = { readonly waiting: readonly Waiting[]; readonly isShared: boolean; isLate: boolean; isOverdue: boolean };

/**
 * K2. What goes to one broker: one request at a time with all that waits for its partitions, so that the busier it is, the more goes in each. Order per
 * partition is kept since each has one publish under way.
 *
 * A request that is late is waited for no longer by what was not in it; each of its partitions goes aside then, alone on a connection
 * of its own, until the broker has answered it in time: the slow one stays there. So does a partition whose last answer was an error that may pass.
 */
export class BrokerQueue {
  readonly #options: BrokerQueueOptions;
  readonly #connections: ReturnType<typeof createBrokerConnections>;
  #waiting: Waiting[] = [];
  /** The request of all, until it is answered or late. */
  #together: Flight | null = null;
  #flights = new Set<Flight>();
  #isStarting = false;
  #throttledUntilMs = 0;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #cancelWake: () => void = () => undefined;
  #landed: () => void = () => undefined;
  #isClosed = false;

  constructor(options: BrokerQueueOptions) {
    this.#options = options;
    this.#connections = createBrokerConnections({
      open: options.open,
      opened: () => this.#start(),
      failed: (error) => this.#fail(verdictOfFailure(error)),
    });
  }

  /** Sends with the next request, or alone. What comes in one turn goes together. */
  push(waiting: Waiting): void {
    this.#waiting.push(waiting);
    if (this.#isClosed) this.#fail(clientTable.closed);
    else this.#startSoon();
  }

  /** Sends nothing more; what is under way has so long to be answered. */
  async close(closeMs: number): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#fail(clientTable.closed);
    this.#connections.closeIdle();
    this.#cancelWake();
    if (this.#flights.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#landed = resolve;
      this.#options.timers.after(closeMs, () => {
        this.#connections.closeBusy();
        resolve();
      });
    });
  }

  /** Of what waits none can be sent. */
  #fail(verdict: Verdict): void {
    for (const one of this.#waiting.splice(0)) one.settle(verdict);
  }

  /**
   * When all that is ready now has run: the lanes that were just answered are in the next request then, and not in the one after it, which in turns of two
   * halves would let each event wait for a request more.
   */
  #startSoon(): void {
    if (this.#isStarting) return;
    this.#isStarting = true;
    this.#options.timers.soon(() => {
      this.#isStarting = false;
      this.#start();
    });
  }

  #start(): void {
    const { timers } = this.#options;
    this.#giveUp();
    const throttledMs = this.#throttledUntilMs - timers.nowMs();
    if (throttledMs > 0) {
      this.#wakeAfter(throttledMs);
      return;
    }
    for (let next = this.#next(); next.length > 0; next = this.#next()) {
      const connection = this.#connections.take();
      if (connection === null) break;
      void this.#send(next, connection);
    }
    if (this.#waiting.length > 0) this.#wakeAfter(LATE_MS);
  }

  #wakeAfter(ms: number): void {
    const { timers } = this.#options;
    const atMs = timers.nowMs() + ms;
    if (this.#wakeAtMs <= atMs) return;
    this.#cancelWake();
    this.#wakeAtMs = atMs;
    this.#cancelWake = timers.after(ms, () => {
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.#start();
    });
  }

  /** Whether a request can be filled without waiting for anybody. */
  #isFull(): boolean {
    return this.#waiting.reduce((bytes, { batch }) => bytes + batch.length, 0) >= REQUEST_BYTES_MAX / 4;
  }

  /**
   * What could not be answered within the deadline of its publish any more, and what may not be sent any more: another relay may be sending
   * it by now. It was never sent, so nothing is in doubt.
   */
  #giveUp(): void {
    const { timers, deadlines } = this.#options;
    const oldestMs = timers.nowMs() - (deadlines.publishMs - deadlines.requestMs);
    const given = new Map<Waiting, Verdict>();
    for (const one of this.#waiting)
      if (one.sinceMs < oldestMs) given.set(one, clientTable.publishTimeout);
      else if (!one.mayStart()) given.set(one, clientTable.notWanted);
    if (given.size === 0) return;
    this.#waiting = this.#waiting.filter((one) => !given.has(one));
    for (const [one, verdict] of given) one.settle(verdict);
  }

  /** What the next request holds; nothing: it is not time for one. */
  #next(): readonly Waiting[] {
    const together = this.#together === null ? this.#nextTogether() : [];
    if (together.length > 0) return together;
    // The last connection is for what goes together.
    if (this.#connections.busy >= CONNECTIONS_MAX - 1) return [];
    const aside = this.#waiting.find(({ place }) => place.mode === "ailing");
    return aside ? [aside] : [];
  }

  #nextTogether(): readonly Waiting[] {
    const next: Waiting[] = [];
    const places = new Set<Place>();
    let bytes = 0;
    for (const one of this.#waiting) {
      // A partition with a publish under way is neither; one must not stand in a request twice.
      if (one.place.mode !== "well" || places.has(one.place)) continue;
      bytes += one.batch.length;
      if (next.length > 0 && bytes > REQUEST_BYTES_MAX) break;
      next.push(one);
      places.add(one.place);
    }
    return next;
  }

  #departs(waiting: readonly Waiting[]): Flight {
    const isShared = waiting.every(({ place }) => place.mode === "well");
    const flight: Flight = { waiting, isShared, isLate: false, isOverdue: false };
    this.#waiting = this.#waiting.filter((one) => !waiting.includes(one));
    this.#flights.add(flight);
    if (isShared) this.#together = flight;
    for (const { place } of waiting) place.departs();
    return flight;
  }

  async #send(waiting: readonly Waiting[], connection: BrokerConnection): Promise<void> {
    const flight = this.#departs(waiting);
    const stopWatch = this.#watch(flight, connection);
    const verdicts = await this.#exchange(flight, connection);
    stopWatch();
    if (this.#together === flight) this.#together = null;
    this.#flights.delete(flight);
    this.#settle(flight, connection, verdicts);
    if (this.#isClosed && this.#flights.size === 0) this.#landed();
    if (this.#isFull()) this.#start();
    else this.#startSoon();
  }

  /** Late after a second, and ended when its time is over. */
  #watch(flight: Flight, connection: BrokerConnection): () => void {
    const { timers, deadlines } = this.#options;
    const lateMs = Math.min(LATE_MS, deadlines.requestMs);
    let cancel = timers.after(lateMs, () => {
      flight.isLate = true;
      if (this.#together === flight) this.#together = null;
      cancel = timers.after(deadlines.requestMs - lateMs, () => {
        flight.isOverdue = true;
        connection.close();
      });
      this.#start();
    });
    return () => cancel();
  }

  async #exchange(flight: Flight, connection: BrokerConnection): Promise<readonly (Verdict | null)[]> {
    const { waiting } = flight;
    const batches = waiting.map(({ place: { topic, partition }, batch }) => ({ topic, partition, batch }));
    try {
      const { partitions, throttleMs } = await connection.produce(batches);
      if (throttleMs > 0) this.#throttledUntilMs = this.#options.timers.nowMs() + throttleMs;
      return verdictsOf(batches, partitions);
    } catch (error) {
      const verdict = flight.isOverdue ? clientTable.requestTimeout : kafkajsVerdict(error);
      return waiting.map(() => verdict);
    }
  }

  #settle(flight: Flight, connection: BrokerConnection, verdicts: readonly (Verdict | null)[]): void {
    const { log, broker } = this.#options;
    const doubt = verdicts.find((verdict) => verdict?.client === "replace");
    const isAnswered = (verdict: Verdict | null | undefined) => verdict === null || verdict?.outcome.kind === "fatal";
    const isAiling = (at: number) => flight.isLate || !isAnswered(verdicts[at]);
    if (doubt) {
      log("warn", "kafka.connection_dropped", { broker, code: doubt.outcome.code, partitions: verdicts.length });
      this.#connections.drop(connection);
    } else this.#connections.giveBack(connection, !flight.isShared && isAiling(0));
    for (const [at, { place, settle }] of flight.waiting.entries()) {
      place.arrives(!isAiling(at));
      settle(verdicts[at] ?? null);
    }
  }
}
