import { describe, expect, test } from "vitest";
import type { EventStore } from "./event-store.ts";

const textOf = (n: number): string =>
  JSON.stringify({ id: `e${n}`, type: "t", data: 'line\nbreak "quoted" \u{1f600}' });

/** What every store does. `fresh` makes a place; `at` a store on it, as the next process would. */
export const eventStoreConformance = <Place>(
  name: string,
  fresh: () => Place,
  at: (place: Place) => EventStore,
): void => {
  const opened = async (place: Place) => {
    const store = at(place);
    return { store, kept: await store.open() };
  };
  const textsIn = async (place: Place) => {
    const { store, kept } = await opened(place);
    await store.close();
    return kept.map(({ text }) => text);
  };

  describe(`${name}, as a store of events`, () => {
    test("is empty at first", async () => {
      expect(await textsIn(fresh())).toEqual([]);
    });

    test("gives what was put to the next one, in that order, byte by byte", async () => {
      const place = fresh();
      const { store } = await opened(place);
      for (let n = 0; n < 3; n++) await store.put(textOf(n));
      await store.close();
      expect(await textsIn(place)).toEqual([textOf(0), textOf(1), textOf(2)]);
      expect(await textsIn(place)).toEqual([textOf(0), textOf(1), textOf(2)]);
    });

    test("puts that come together resolve in the order of the calls, with growing refs", async () => {
      const { store } = await opened(fresh());
      const order: number[] = [];
      const puts = Array.from({ length: 50 }, (_, n) => store.put(textOf(n)).finally(() => void order.push(n)));
      const refs = await Promise.all(puts);
      expect(order).toEqual([...order.keys()]);
      expect(refs).toEqual([...refs].sort((a, b) => a - b));
      expect(new Set(refs).size).toBe(50);
      await store.close();
    });

    test("gives nothing of what was removed, by this one or by one before", async () => {
      const place = fresh();
      const first = (await opened(place)).store;
      const refs = [await first.put(textOf(0)), await first.put(textOf(1)), await first.put(textOf(2))];
      await first.remove(refs[1]!);
      await first.close();
      const { store, kept } = await opened(place);
      expect(kept.map(({ text }) => text)).toEqual([textOf(0), textOf(2)]);
      await store.remove(kept[0]!.ref);
      await store.put(textOf(3));
      await store.close();
      expect(await textsIn(place)).toEqual([textOf(2), textOf(3)]);
    });

    test("has no ref twice, whatever was removed before", async () => {
      const place = fresh();
      const { store } = await opened(place);
      const first = await store.put(textOf(0));
      const second = await store.put(textOf(1));
      await store.remove(second);
      await store.close();
      const next = await opened(place);
      expect(await next.store.put(textOf(2))).toBeGreaterThan(first);
      await next.store.close();
      expect(await textsIn(place)).toEqual([textOf(0), textOf(2)]);
    });

    test("removing what is not there is nothing, and close waits for all that was begun", async () => {
      const place = fresh();
      const { store } = await opened(place);
      const put = store.put(textOf(0));
      const removed = store.remove(4_711);
      await store.close();
      await Promise.all([put, removed]);
      expect(await textsIn(place)).toEqual([textOf(0)]);
    });

    test("takes nothing after close", async () => {
      const { store } = await opened(fresh());
      await store.close();
      await expect(store.put(textOf(0))).rejects.toThrow();
    });
  });
};
