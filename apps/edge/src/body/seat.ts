import { createLeftovers } from "./leftovers.ts";

/**
 * The one seat for large bodies. One body after the other is unfolded and read: they are done no later, and of the buffers of 4 MiB there is one and not
 * ten. Several at once live for as long as all of them take, and the runtime then keeps what they have left behind: 10
 * connections with bombs of line feeds made 270 MB instead of 105. For the same reason a refused body leaves its buffer to
 * the next one (E5).
 */
export class Seats {
  readonly #leave: (bytes: number) => void;
  readonly #waiting: (() => void)[] = [];
  #isTaken = false;
  #spare: Uint8Array<ArrayBuffer> | null = null;

  constructor(collectGarbage?: () => void) {
    this.#leave = createLeftovers(collectGarbage);
  }

  take(): Promise<void> {
    const mine = this.#isTaken ? new Promise<void>((resolve) => this.#waiting.push(resolve)) : Promise.resolve();
    this.#isTaken = true;
    return mine;
  }

  buffer(bytes: number): Uint8Array<ArrayBuffer> {
    const buffer = this.#spare !== null && this.#spare.length >= bytes ? this.#spare : new Uint8Array(bytes);
    this.#spare = null;
    return buffer;
  }

  leave(used: Uint8Array<ArrayBuffer> | null, keeps: boolean): void {
    this.#leave(used?.length ?? 0);
    if (!keeps) this.#spare = used ?? this.#spare;
    const next = this.#waiting.shift();
    if (next === undefined) this.#isTaken = false;
    else next();
  }
}

/** The one seat, as one request sees it. */
export class Seat {
  readonly #seats: Seats;
  #mine: Promise<void> | null = null;
  #used: Uint8Array<ArrayBuffer> | null = null;

  constructor(seats: Seats) {
    this.#seats = seats;
  }

  /** Resolves when the seat is free, first come first served; at once for who has it. */
  take(): Promise<void> {
    this.#mine ??= this.#seats.take();
    return this.#mine;
  }

  /** So many bytes, or more, for the body of who has the seat; what stands in them is left from another. */
  buffer(bytes: number): Uint8Array<ArrayBuffer> {
    this.#used = this.#seats.buffer(bytes);
    return this.#used;
  }

  /** `keeps`: whether the body is needed further on. Called again, or by who does not have the seat, it does nothing. */
  leave(keeps: boolean): void {
    if (this.#mine === null) return;
    this.#mine = null;
    this.#seats.leave(this.#used, keeps);
  }
}
