type OutboxRead = { readonly shards: readonly number[]; readonly versions: readonly number[] };

/** Every shard starts diverted: an earlier process may have left rows in the outbox. */
const createShardState = () => ({
  open: false,
  inserting: false,
  /** The outbox holds a row of it, as far as we know: an insert of ours that was recorded, or one that a read has shown. */
  owing: false,
  /** Counts diversions and inserts, so that a read can tell whether one came in between. */
  version: 0,
  openedAtMs: Number.NEGATIVE_INFINITY,
});

type ShardState = ReturnType<typeof createShardState>;

const stateOf = (states: readonly ShardState[], shard: number): ShardState => {
  const state = states[shard];
  if (!state) throw new RangeError(`shard ${shard} is not one of ${states.length}`);
  return state;
};

const openWhere = (
  states: readonly ShardState[],
  nowMs: number,
  mayOpen: (state: ShardState, shard: number) => boolean,
): readonly number[] => {
  const opened: number[] = [];
  states.forEach((state, shard) => {
    if (state.open || state.inserting || !mayOpen(state, shard)) return;
    state.open = true;
    state.owing = false;
    state.openedAtMs = nowMs;
    opened.push(shard);
  });
  return opened;
};

/**
 * Which shards may write to the stream. Pure state: no time, no ports.
 *
 * A shard is open (its events go to the stream) or diverted (to the outbox). It is diverted when an event of it has to go
 * past the stream, and stays so until a read of the outbox, begun and ended while it was diverted and no insert of ours
 * was under way, has shown no row of it: whatever we recorded there earlier has then been moved into the stream, so an
 * append cannot overtake it. A watermark of drained ids would not do, since a lower id may commit later.
 */
export const createGate = (shards: number) => {
  const states = Array.from({ length: shards }, createShardState);
  let held = false;

  return {
    isOpen: (shard: number): boolean => states[shard]?.open === true,
    /** True while a reopening holds this diverted shard's events back, so that the outbox can run empty. */
    isHeld: (shard: number): boolean => held && states[shard]?.open === false,
    divertedCount: (): number => states.reduce((count, state) => count + (state.open ? 0 : 1), 0),
    /** When the shard was last opened, on the clock of whoever opened it; -Infinity if never. */
    openedAtMs: (shard: number): number => stateOf(states, shard).openedAtMs,
    /** Answers whether it was open. */
    divert: (shard: number): boolean => {
      const state = stateOf(states, shard);
      const wasOpen = state.open;
      state.open = false;
      state.version++;
      return wasOpen;
    },
    /** A read has shown rows of this shard, which is diverted now. */
    owe: (shard: number): void => {
      stateOf(states, shard).owing = true;
    },
    insertStarted: (shard: number): void => {
      const state = stateOf(states, shard);
      if (state.open) throw new Error(`shard ${shard} is open: an insert would be overtaken`);
      state.inserting = true;
      state.version++;
    },
    insertEnded: (shard: number, recorded: boolean): void => {
      const state = stateOf(states, shard);
      state.inserting = false;
      state.owing ||= recorded;
    },
    /** To be called before the outbox is asked; the answer goes back to `finishRead`. */
    startRead: (): OutboxRead => {
      const readable = [...states].flatMap(({ open, inserting, version }, shard) =>
        open || inserting ? [] : [{ shard, version }],
      );
      return { shards: readable.map(({ shard }) => shard), versions: readable.map(({ version }) => version) };
    },
    /** Opens the shards that the read proved empty, and answers them. */
    finishRead: (read: OutboxRead, occupied: readonly number[], nowMs: number): readonly number[] => {
      const empty = new Map(read.shards.map((shard, i) => [shard, read.versions[i]]));
      for (const shard of occupied) {
        empty.delete(shard);
        stateOf(states, shard).owing = true;
      }
      return openWhere(states, nowMs, (state, shard) => empty.get(shard) === state.version);
    },
    /**
     * Opens the diverted shards of which the outbox holds nothing as far as we know, and answers them. Only for when the
     * outbox cannot be read: without it an outage of the outbox would keep a healthy stream closed for no event's sake.
     */
    openWithoutRead: (nowMs: number): readonly number[] => openWhere(states, nowMs, (state) => !state.owing),
    hold: (): void => {
      held = true;
    },
    release: (): void => {
      held = false;
    },
  };
};

export type Gate = ReturnType<typeof createGate>;
