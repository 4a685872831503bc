import type { Platform } from "@spillway/event";
import type { Waiting } from "./commit.ts";
import { type ChunkLimits, fitting, type Packed, pack } from "./pack.ts";

const nobody: readonly Waiting[] = [];

/** Who was taken off a line without a result. `inDoubt`: a tier was tried and may have stored them. */
export type Removed = { readonly inDoubt: readonly Waiting[]; readonly untried: readonly Waiting[] };

/** The events of one shard that wait for a tier, in the order of their arrival: first the front chunk, then the queue. */
export class Line {
  readonly shard: number;
  /** True while a chunk of this shard is on its way; the next one waits for it, or it could overtake. */
  busy = false;
  #front: Packed | null = null;
  #frontInDoubt = false;
  /** What waits begins at `head`: taking from the front of an array moves all that is behind. */
  #queue: Waiting[] = [];
  #head = 0;
  readonly #limits: ChunkLimits;
  readonly #platform: Platform;

  constructor(shard: number, limits: ChunkLimits, platform: Platform) {
    this.shard = shard;
    this.#limits = limits;
    this.#platform = platform;
  }

  isEmpty(): boolean {
    return this.#front === null && this.#head === this.#queue.length;
  }

  /** How many events wait here. */
  waiting(): number {
    return (this.#front?.events ?? 0) + this.#queue.length - this.#head;
  }

  add(waiting: Waiting): void {
    this.#queue.push(waiting);
  }

  /** The chunk to send next; it stays here until `take`. Null when nothing waits. */
  front(receivedAtMs: number): Packed | null {
    if (this.#front === null && this.#head < this.#queue.length) {
      const waiting = this.#shift(fitting(this.#queue, this.#head, this.#limits));
      this.#front = pack(waiting, this.shard, receivedAtMs, this.#platform);
      this.#frontInDoubt = false;
    }
    return this.#front;
  }

  take(): void {
    this.#front = null;
    this.busy = true;
  }

  /** Puts back a chunk that was not stored, ahead of everything that came later; `inDoubt` if it may have been. */
  putBack(packed: Packed, inDoubt: boolean): void {
    this.#front = packed;
    this.#frontInDoubt ||= inDoubt;
    this.busy = false;
  }

  /** Removes those from the front whose request started before; a chunk goes with its oldest event. */
  removeOlder(startedBeforeMs: number): Removed {
    const oldest = this.#front?.waiting[0];
    const front = oldest && oldest.commit.startedAtMs < startedBeforeMs ? this.#removeFront() : nobody;
    let late = 0;
    while ((this.#queue[this.#head + late]?.commit.startedAtMs ?? startedBeforeMs) < startedBeforeMs) late++;
    return this.#removed(front, late === 0 ? nobody : this.#shift(late));
  }

  removeAll(): Removed {
    return this.#removed(this.#removeFront(), this.#shift(this.#queue.length - this.#head));
  }

  #removeFront(): readonly Waiting[] {
    const waiting = this.#front?.waiting ?? nobody;
    this.#front = null;
    return waiting;
  }

  #removed(front: readonly Waiting[], queued: readonly Waiting[]): Removed {
    if (front.length === 0) return { inDoubt: nobody, untried: queued };
    return this.#frontInDoubt
      ? { inDoubt: front, untried: queued }
      : { inDoubt: nobody, untried: [...front, ...queued] };
  }

  #shift(count: number): Waiting[] {
    const taken = this.#queue.slice(this.#head, this.#head + count);
    this.#head += count;
    if (this.#head > this.#queue.length / 2) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }
}
