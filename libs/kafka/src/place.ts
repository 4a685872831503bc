/**
 * How the publishes of one partition travel.
 *
 *   well ──departs──▶ together ──answered in time──▶ well
 *                        │
 *                        │ retriable, or late
 *                        ▼
 *   ailing ◀─────────────┘
 *     │  ▲
 *     │  └── retriable, or late ──┐
 *     └──departs──▶ aside ────────┴─answered in time──▶ well
 *
 * `together`: in one request with the others of its broker. `aside`: in one of its own, on a connection that nobody else uses meanwhile.
 */
export type PlaceMode = "well" | "together" | "ailing" | "aside";

const enteredFrom: Readonly<Record<PlaceMode, readonly PlaceMode[]>> = {
  well: ["together", "aside"],
  together: ["well"],
  ailing: ["together", "aside"],
  aside: ["ailing"],
};

/** A partition, as its publishes see it. */
export class Place {
  readonly topic: string;
  readonly partition: number;
  #mode: PlaceMode = "well";

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  get mode(): PlaceMode {
    return this.#mode;
  }

  departs(): void {
    this.#enter(this.#mode === "ailing" ? "aside" : "together");
  }

  /** `isWell`: the broker answered in time, and what it said is no trouble of the partition. */
  arrives(isWell: boolean): void {
    this.#enter(isWell ? "well" : "ailing");
  }

  #enter(next: PlaceMode): void {
    if (!enteredFrom[next].includes(this.#mode)) throw new Error(`a place cannot enter ${next} from ${this.#mode}`);
    this.#mode = next;
  }
}
