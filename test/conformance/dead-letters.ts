import type { DeadLetter, DeadLetters } from "@spillway/event";
import { describe, expect, onTestFinished, test } from "vitest";

/** The dead letters on an empty backend of their own. */
export type DeadLettersSubject = {
  readonly deadLetters: DeadLetters;
  /** All that are kept, in the order in which they were put. */
  all(): Promise<readonly DeadLetter[]>;
  close(): Promise<void>;
};

/** A letter unlike any other unless told. */
export const letterOf = (fields: Partial<DeadLetter> = {}): DeadLetter => {
  const id = crypto.randomUUID();
  return {
    shard: 0,
    entry: `${id}-0`,
    index: 0,
    deadLetterClass: "poison",
    code: "message_too_large",
    detail: "the broker refused the record",
    topic: "events",
    type: "order.placed",
    partitionKey: "customer-1",
    traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    tracestate: "rojo=00f067aa0ba902b7",
    identity: id.replaceAll("-", "").slice(0, 16),
    replay: 0,
    attempts: 1,
    receivedAtMs: 1_795_000_000_123,
    bytes: new TextEncoder().encode(`{"id":"${id}","source":"/shop","type":"order.placed","data":1e400}`),
    ...fields,
  };
};

const comparable = (letter: DeadLetter) => ({ ...letter, bytes: Buffer.from(letter.bytes).toString("hex") });

/** What every `DeadLetters` must do. `make` is called once a test. */
export const deadLettersConformance = (name: string, make: () => Promise<DeadLettersSubject>): void => {
  describe(`${name} as dead letters`, () => {
    const open = async () => {
      const subject = await make();
      onTestFinished(() => subject.close());
      const { deadLetters, all } = subject;
      const kept = async () => (await all()).map(comparable);
      return { put: (...letters: readonly DeadLetter[]) => deadLetters.put(letters), kept };
    };

    test("keeps every field and every byte", async () => {
      const { put, kept } = await open();
      const letter = letterOf({ bytes: Uint8Array.from({ length: 512 }, (_, i) => i & 255), replay: 2, attempts: 7 });
      await put(letter);
      expect(await kept()).toEqual([comparable(letter)]);
    });

    test("keeps a whole chunk of which nothing is known", async () => {
      const { put, kept } = await open();
      const unknown = { topic: null, type: null, partitionKey: null, traceparent: null, identity: null };
      const letter = letterOf({ ...unknown, index: -1, deadLetterClass: "undecodable", receivedAtMs: null });
      await put(letter);
      expect(await kept()).toEqual([comparable(letter)]);
    });

    test("takes none, and many at once", async () => {
      const { put, kept } = await open();
      await put();
      const letters = Array.from({ length: 450 }, (_, index) => letterOf({ entry: "1-0", index }));
      await put(...letters);
      expect(await kept()).toEqual(letters.map(comparable));
    });

    test("changes nothing when a letter is put again, alone, among others, or twice in one call", async () => {
      const { put, kept } = await open();
      const [first, second] = [letterOf(), letterOf()];
      await put(first, first);
      await put(first);
      await put({ ...first, attempts: 9, detail: "another word for it", bytes: new Uint8Array([1]) }, second);
      expect(await kept()).toEqual([first, second].map(comparable));
    });

    test("tells letters apart by shard, by entry and by index", async () => {
      const { put, kept } = await open();
      const places = [{ shard: 1 }, { shard: 2 }, { entry: "2-0" }, { index: 1 }, { index: -1 }];
      const letters = places.map((place) => letterOf({ entry: "1-0", ...place }));
      await put(...letters);
      expect(await kept()).toEqual(letters.map(comparable));
    });

    test("keeps one of many equal ones that are put at once", async () => {
      const { put, kept } = await open();
      const letter = letterOf();
      await Promise.all(Array.from({ length: 20 }, () => put(letter)));
      expect(await kept()).toEqual([comparable(letter)]);
    });

    test("takes a megabyte, and several of them", async () => {
      const { put, kept } = await open();
      const big = () => letterOf({ bytes: Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 31) & 255) });
      const letters = Array.from({ length: 12 }, big);
      await put(...letters);
      expect((await kept()).map(({ entry }) => entry)).toEqual(letters.map(({ entry }) => entry));
    });
  });
};
