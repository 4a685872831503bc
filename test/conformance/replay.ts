import {
  type DeadLetter,
  type DeadLetters,
  decodeChunk,
  LETTERS_MAX,
  REPLAYS_MAX,
  type Replay,
  sealEvent,
  shardOf,
} from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { describe, expect, onTestFinished, test } from "vitest";
import { letterOf } from "./dead-letters.ts";

/** A replay on empty dead letters of its own, in an installation with `REPLAY_SHARDS`. */
export type ReplaySubject = {
  readonly deadLetters: DeadLetters;
  readonly replay: Replay;
  /** Ids of all letters, in the order in which they were put. */
  ids(): Promise<readonly string[]>;
  /** What replays put into the outbox, oldest first. */
  queued(): Promise<readonly { readonly shard: number; readonly chunk: Uint8Array }[]>;
  /** Letters of more bytes are too many for one call. */
  readonly bytesMax: number;
  close(): Promise<void>;
};

export const REPLAY_SHARDS = 4;

const BY = { by: "operator" };

/** What every `Replay` must do. `make` is called once a test. */
export const replayConformance = (name: string, make: () => Promise<ReplaySubject>): void => {
  describe(`${name} as a replay`, () => {
    const open = async (...letters: readonly DeadLetter[]) => {
      const subject = await make();
      onTestFinished(() => subject.close());
      const { deadLetters, replay, ids, queued, bytesMax } = subject;
      for (const letter of letters) await deadLetters.put([letter]);
      const lives = async () =>
        (await queued()).map(({ shard, chunk }) => ({ shard, ...decodeChunk(chunk, platform) }));
      return { replay, ids: await ids(), idsNow: ids, lives, bytesMax, put: deadLetters.put };
    };
    const codesOf = (refused: readonly { readonly id: string; readonly code: string }[]) =>
      Object.fromEntries(refused.map(({ id, code }) => [id, code]));

    test("sends the event as it was, ingested now, and each letter once", async () => {
      const letter = letterOf({ replay: 2 });
      const { replay, ids, lives } = await open(letter);
      const before = Date.now();
      expect(await replay(ids, BY)).toEqual({ replayed: ids, refused: [] });
      const again = await replay(ids, BY);
      expect([again.replayed, codesOf(again.refused)]).toEqual([[], { [ids[0] ?? ""]: "replayed" }]);
      const [life, ...others] = await lives();
      expect(others).toEqual([]);
      const { identity, type, partitionKey, traceparent, tracestate, bytes } = letter;
      expect(life?.events).toMatchObject([{ identity, type, partitionKey, traceparent, tracestate, replay: 3 }]);
      expect(Buffer.from(life?.events[0]?.bytes ?? []).toString()).toBe(Buffer.from(bytes).toString());
      expect(life?.receivedAtMs).toBeGreaterThanOrEqual(before);
      expect(life?.receivedAtMs).toBeLessThanOrEqual(Date.now());
    });

    test.each([null, "customer-1"])(
      "sends each life of an event under a dedup key of its own, to the shard of its key (key %j)",
      async (key) => {
        const { put, replay, idsNow, lives } = await open();
        const attributes = { id: "1", source: "/shop", type: "t", partitionKey: key, traceparent: null };
        const bytes = new TextEncoder().encode('{"id":"1","source":"/shop","type":"t"}');
        const sealed = ["shop", "evil"].map((producer) =>
          sealEvent(attributes, bytes, REPLAY_SHARDS, platform, producer),
        );
        for (const { id: _, shard, dedupKey: __, ...event } of sealed)
          for (const life of [0, 1]) {
            await put([letterOf({ ...event, shard, replay: life })]);
            expect((await replay((await idsNow()).slice(-1), BY)).replayed).toHaveLength(1);
          }
        const found = await lives();
        const events = found.map((life) => life.events[0]);
        const keys = sealed.flatMap(({ identity }) => [1, 2].map((life) => platform.digest96(`${identity}\n${life}`)));
        expect(events.map((event) => event?.dedupKey)).toEqual(keys);
        expect(events.map((event) => event?.replay)).toEqual([1, 2, 1, 2]);
        expect(events.map((event) => event?.identity)).toEqual(sealed.flatMap(({ identity }) => [identity, identity]));
        const shards = sealed.map(({ identity }) => shardOf(key ?? identity, REPLAY_SHARDS));
        expect(found.map(({ shard }) => shard)).toEqual(shards.flatMap((shard) => [shard, shard]));
      },
    );

    test("sends letters in the order in which they died, however they are asked for, and twice asked for once", async () => {
      const letters = Array.from({ length: 5 }, (_, i) => letterOf({ type: `t${i}` }));
      const { replay, ids, lives } = await open(...letters);
      const { replayed, refused } = await replay([...ids].reverse().concat(ids[2] ?? "", ids[2] ?? ""), BY);
      expect([[...replayed].sort(), refused]).toEqual([[...ids].sort(), []]);
      expect((await lives()).map(({ events }) => events[0]?.type)).toEqual(letters.map(({ type }) => type));
    });

    test("refuses each letter that it cannot send, under a code, and sends the others", async () => {
      const letters = {
        fine: letterOf(),
        undecodable: letterOf({ index: -1, identity: null, deadLetterClass: "undecodable" }),
        replayed_too_often: letterOf({ replay: REPLAYS_MAX }),
        last: letterOf({ replay: REPLAYS_MAX - 1 }),
        no_identity: letterOf({ identity: null }),
        cut_identity: letterOf({ identity: "a quarter of it" }),
      };
      const { replay, ids, lives } = await open(...Object.values(letters));
      const [fine = "", undecodable = "", often = "", last = "", noIdentity = "", cut = ""] = ids;
      const { replayed, refused } = await replay([...ids, "999999", "nonsense", ""], BY);
      expect([...replayed].sort()).toEqual([fine, last].sort());
      expect(codesOf(refused)).toEqual({
        [undecodable]: "undecodable",
        [often]: "replayed_too_often",
        [noIdentity]: "no_identity",
        [cut]: "no_identity",
        "999999": "not_found",
        nonsense: "not_found",
        "": "not_found",
      });
      expect(await lives()).toHaveLength(2);
    });

    test("sends no more bytes than one call may hold, and the rest in the next", async () => {
      const { put, replay, idsNow, bytesMax, lives } = await open();
      const bytes = new Uint8Array(Math.floor(bytesMax * 0.4));
      bytes.set(new TextEncoder().encode('{"id":"1","source":"/shop"}'.padEnd(bytes.length)));
      for (let i = 0; i < 3; i++) await put([letterOf({ bytes })]);
      const [first = "", second = "", third = ""] = await idsNow();
      const { replayed, refused } = await replay([first, second, third], BY);
      expect([[...replayed].sort(), codesOf(refused)]).toEqual([
        [first, second].sort(),
        { [third]: "batch_too_large" },
      ]);
      expect((await replay([third], BY)).replayed).toEqual([third]);
      expect(await lives()).toHaveLength(3);
    });

    test("of many calls at once, one sends it", async () => {
      const { replay, ids, lives } = await open(letterOf(), letterOf());
      const answers = await Promise.all(Array.from({ length: 20 }, () => replay(ids, BY)));
      expect(answers.flatMap(({ replayed }) => replayed).sort()).toEqual([...ids].sort());
      for (const { replayed, refused } of answers) expect(replayed.length + refused.length).toBe(2);
      expect(await lives()).toHaveLength(2);
    });

    test("of nothing is nothing, and of too many ids is the caller's error", async () => {
      const { replay, lives } = await open(letterOf());
      expect(await replay([], BY)).toEqual({ replayed: [], refused: [] });
      const many = Array.from({ length: LETTERS_MAX + 1 }, (_, i) => String(i + 1));
      await expect(replay(many, BY)).rejects.toThrow(RangeError);
      expect(await lives()).toEqual([]);
    });
  });
};
