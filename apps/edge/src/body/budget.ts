/**
 * What all bodies in hand may hold together. A body may grow as long as what is free afterwards is at least what its sender holds then, and the body once more. So
 * one sender gets half of the budget at most, the second one half of what he left, and whoever sends little finds room
 * when those who send much do not any more: of 64 MiB one key holds 7 bodies of 4 MiB, and all its small ones still
 * get in. (Switches share their buffers between ports by the same rule.)
 */
export class BodyBudget {
  readonly bytesMax: number;
  readonly #bySender = new Map<string, number>();
  #inHand = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get bytesInHand(): number {
    return this.#inHand;
  }

  bytesOf(sender: string): number {
    return this.#bySender.get(sender) ?? 0;
  }

  add(sender: string, bytes: number): void {
    this.#inHand += bytes;
    this.#bySender.set(sender, this.bytesOf(sender) + bytes);
  }
}

/** What one body holds of the budget, from its announcement to its answer. */
export class Share {
  readonly #budget: BodyBudget;
  readonly #sender: string;
  #own = 0;

  /** `sender`: a key's name. */
  constructor(budget: BodyBudget, sender: string) {
    this.#budget = budget;
    this.#sender = sender;
  }

  /** Whether so many bytes more are to be had now. */
  fits(bytes: number): boolean {
    const { bytesMax, bytesInHand } = this.#budget;
    return this.#budget.bytesOf(this.#sender) + bytes + this.#own + bytes <= bytesMax - bytesInHand - bytes;
  }

  /** Takes so many bytes more; false when they are not to be had, and then nothing was taken. */
  take(bytes: number): boolean {
    if (!this.fits(bytes)) return false;
    this.#own += bytes;
    this.#budget.add(this.#sender, bytes);
    return true;
  }

  /** Gives all of it back. To be called in every path; twice is once. */
  release(): void {
    this.#budget.add(this.#sender, -this.#own);
    this.#own = 0;
  }
}
