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

    test("keeps one letter of one life of an event, the first, whatever entry it died in", async () => {
      const { put, kept } = await open();
      const first = letterOf();
      const other = { ...first, shard: 3, entry: "9-0", index: 7, code: "another", bytes: new Uint8Array([1]) };
      await put(first, other);
      await put({ ...other, index: 8 });
      const next = { ...first, replay: 1 };
      await put(other, next);
      expect(await kept()).toEqual([first, next].map(comparable));
    });

    test("keeps each event of one place: an id may be given to another entry", async () => {
      const { put, kept } = await open();
      const letters = [letterOf({ entry: "1-0" }), letterOf({ entry: "1-0" })];
      await put(...letters);
      expect(await kept()).toEqual(letters.map(comparable));
    });

    test("tells whole chunks apart by shard and by entry", async () => {
      const { put, kept } = await open();
      const whole = (place: Partial<DeadLetter>) => letterOf({ entry: "1-0", index: -1, identity: null, ...place });
      const letters = [whole({}), whole({ shard: 1 }), whole({ entry: "2-0" })];
      await put(...letters);
      await put(whole({ detail: "another word for it" }), whole({ shard: 1 }));
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
