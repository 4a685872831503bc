import { type DeadLetter, type DeadLetters, decodeChunk, sealEvent, shardOf } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { afterEach, describe, expect, test } from "vitest";

/** The dead letters on an empty backend of their own. */
export type DeadLettersSubject = {
  readonly deadLetters: DeadLetters;
  /** All that are kept, in the order in which they were put. */
  all(): Promise<readonly DeadLetter[]>;
  /** Of an installation with `REPLAY_SHARDS`; whether it was sent again. */
  replay(letter: Pick<DeadLetter, "shard" | "entry" | "index">): Promise<boolean>;
  /** What replays put into the outbox, oldest first. */
  replayed(): Promise<readonly { readonly shard: number; readonly chunk: Uint8Array }[]>;
  close(): Promise<void>;
};

export const REPLAY_SHARDS = 4;

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
    let opened: DeadLettersSubject | null = null;
    const open = async () => {
      opened = await make();
      const { deadLetters, all } = opened;
      const kept = async () => (await all()).map(comparable);
      const lives = async () =>
        (await opened?.replayed())?.map(({ shard, chunk }) => ({
          shard,
          event: decodeChunk(chunk, platform).events[0],
        }));
      return {
        lives,
        replay: opened.replay,
        put: (...letters: readonly DeadLetter[]) => deadLetters.put(letters),
        kept,
      };
    };
    afterEach(async () => {
      await opened?.close();
      opened = null;
    });

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

    test.each([null, "customer-1"])(
      "sends each life of an event once, under a dedup key of its own (key %j)",
      async (key) => {
        const { put, replay, lives } = await open();
        const attributes = { id: "1", source: "/shop", type: "t", partitionKey: key, traceparent: null };
        const bytes = new TextEncoder().encode('{"id":"1","source":"/shop","type":"t"}');
        const sealed = ["shop", "evil"].map((name) => sealEvent(attributes, bytes, REPLAY_SHARDS, platform, name));
        for (const { id: _, shard, dedupKey: __, ...event } of sealed)
          for (const life of [0, 1]) {
            const letter = letterOf({ ...event, shard, replay: life });
            await put(letter);
            expect([await replay(letter), await replay(letter)]).toEqual([true, false]);
          }
        const keys = sealed.flatMap(({ identity }) => [1, 2].map((life) => platform.digest96(`${identity}\n${life}`)));
        const found = await lives();
        expect(found?.map(({ event }) => event?.dedupKey)).toEqual(keys);
        expect(found?.map(({ event }) => event?.replay)).toEqual([1, 2, 1, 2]);
        expect(found?.map(({ event }) => event?.identity)).toEqual(
          sealed.flatMap(({ identity }) => [identity, identity]),
        );
        const shards = sealed.map(({ identity }) => shardOf(key ?? identity, REPLAY_SHARDS));
        expect(found?.map(({ shard }) => shard)).toEqual(shards.flatMap((shard) => [shard, shard]));
      },
    );

    test("takes a megabyte, and several of them", async () => {
      const { put, kept } = await open();
      const big = () => letterOf({ bytes: Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 31) & 255) });
      const letters = Array.from({ length: 12 }, big);
      await put(...letters);
      expect((await kept()).map(({ entry }) => entry)).toEqual(letters.map(({ entry }) => entry));
    });
  });
};
