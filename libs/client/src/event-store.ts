/** An event as a store keeps it. */
export type KeptEvent = {
  /** The store's own name for it; of two kept events the later one has the higher. */
  readonly ref: number;
  /** One line of JSON. */
  readonly text: string;
};

/**
 * Where events are until their outcome is known, so that they outlive the process or the page. One client has it open. Its
 * suite is event-store.fixture.ts.
 */
export type EventStore = {
  /** What it keeps, in the order in which it was put. Called once, before anything else. Rejects when it cannot be read. */
  open(): Promise<readonly KeptEvent[]>;
  /** Resolves when the event is on disk, with its ref; puts resolve in the order of the calls. Rejects: the event is not kept. */
  put(text: string): Promise<number>;
  /** May be lost in a crash: what is forgotten is sent once more, and dropped as a duplicate. */
  remove(ref: number): Promise<void>;
  /** Resolves when all that was begun has ended. */
  close(): Promise<void>;
};
