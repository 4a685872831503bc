import type { Clock, Platform } from "@spillway/event";
import type { Waiting } from "./commit.ts";
import { type ChunkLimits, fitting, type Packed, pack } from "./pack.ts";

/** Who was taken off a queue without a result. `inDoubt`: a tier was tried and may have stored them. */
export type Removed = { readonly inDoubt: readonly Waiting[]; readonly untried: readonly Waiting[] };

const nothing: Removed = { inDoubt: [], untried: [] };

/**
 * The events of one shard that wait for a tier, in the order of their arrival: the front chunk, the chunk that is ready
 * behind it, the queue.
 */
export class ShardQueue {
  readonly shard: number;
  /** True while a chunk of this shard is on its way; the next one waits for it, or it could overtake. */
  busy = false;
  #front: Packed | null = null;
  #frontInDoubt = false;
  /** Packed as soon as it is full, while an append is under way, and not when that one's answer lets the next one go. */
  #ready: Packed | null = null;
  /** What waits begins at `head`: taking from the front of an array moves all that is behind. */
  #queue: Waiting[] = [];
  #head = 0;
  readonly #limits: ChunkLimits;
  readonly #platform: Platform;
  readonly #clock: Pick<Clock, "wallMs">;

  constructor(shard: number, limits: ChunkLimits, platform: Platform, clock: Pick<Clock, "wallMs">) {
    this.shard = shard;
    this.#limits = limits;
    this.#platform = platform;
    this.#clock = clock;
  }

  isEmpty(): boolean {
    return this.#front === null && this.#ready === null && this.#head === this.#queue.length;
  }

  /** How many events wait here. */
  waiting(): number {
    return (this.#front?.events ?? 0) + (this.#ready?.events ?? 0) + this.#queue.length - this.#head;
  }

  add(waiting: Waiting): void {
    this.#queue.push(waiting);
    const isFull = this.#queue.length - this.#head >= this.#limits.commitEventsMax;
    if (isFull && this.#ready === null) this.#ready = this.#pack();
  }

  /** The chunk to send next; it stays here until `take`. Null when nothing waits. */
  front(): Packed | null {
    if (this.#front === null && !this.isEmpty()) {
      this.#front = this.#ready ?? this.#pack();
      this.#ready = null;
      this.#frontInDoubt = false;
    }
    return this.#front;
  }

  #pack(): Packed {
    const waiting = this.#shift(fitting(this.#queue, this.#head, this.#limits));
    return pack(waiting, this.shard, this.#clock.wallMs(), this.#platform);
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
    const isOld = (first: Waiting | undefined): boolean =>
      first !== undefined && first.commit.startedAtMs < startedBeforeMs;
    let late = 0;
    while (isOld(this.#queue[this.#head + late])) late++;
    return this.#remove(isOld(this.#front?.waiting[0]), isOld(this.#ready?.waiting[0]), late);
  }

  removeAll(): Removed {
    return this.#remove(true, true, this.#queue.length - this.#head);
  }

  #remove(isFrontMeant: boolean, isReadyMeant: boolean, queued: number): Removed {
    if (!isFrontMeant && !isReadyMeant && queued === 0) return nothing;
    const front = (isFrontMeant && this.#front?.waiting) || [];
    const ready = (isReadyMeant && this.#ready?.waiting) || [];
    if (isFrontMeant) this.#front = null;
    if (isReadyMeant) this.#ready = null;
    const behind = [...ready, ...this.#shift(queued)];
    return this.#frontInDoubt ? { inDoubt: front, untried: behind } : { inDoubt: [], untried: [...front, ...behind] };
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
