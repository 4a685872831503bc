import type { Platform } from "@spillway/event";
import type { Waiting } from "./commit.ts";
import { type ChunkLimits, fitting, type Packed, pack } from "./pack.ts";

const nobody: readonly Waiting[] = [];

/** The events of one shard that wait for a tier, in the order of their arrival: first the front chunk, then the queue. */
export class Line {
  readonly shard: number;
  /** True while a chunk of this shard is on its way; the next one waits for it, or it could overtake. */
  busy = false;
  #front: Packed | null = null;
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

  add(waiting: Waiting): void {
    this.#queue.push(waiting);
  }

  /** The chunk to send next; it stays here until `take`. Null when nothing waits. */
  front(receivedAtMs: number): Packed | null {
    if (this.#front === null && this.#head < this.#queue.length) {
      const waiting = this.#shift(fitting(this.#queue, this.#head, this.#limits));
      this.#front = pack(waiting, this.shard, receivedAtMs, this.#platform);
    }
    return this.#front;
  }

  take(): void {
    this.#front = null;
    this.busy = true;
  }

  /** Puts back a chunk that was not stored, ahead of everything that came later. */
  putBack(packed: Packed): void {
    this.#front = packed;
    this.busy = false;
  }

  /** Removes and answers those at the front of the queue, or in the front chunk, whose request started before. */
  removeOlder(startedBeforeMs: number): { readonly packed: readonly Waiting[]; readonly queued: readonly Waiting[] } {
    const oldest = this.#front?.waiting[0];
    const packed = oldest && oldest.commit.startedAtMs < startedBeforeMs ? this.#front : null;
    if (packed) this.#front = null;
    let late = 0;
    while ((this.#queue[this.#head + late]?.commit.startedAtMs ?? startedBeforeMs) < startedBeforeMs) late++;
    return { packed: packed?.waiting ?? nobody, queued: late === 0 ? nobody : this.#shift(late) };
  }

  removeAll(): readonly Waiting[] {
    const all = [...(this.#front?.waiting ?? nobody), ...this.#shift(this.#queue.length - this.#head)];
    this.#front = null;
    return all;
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
