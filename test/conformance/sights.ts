import {
  type DeadLetter,
  type DeadLetters,
  decodeChunk,
  encodeChunk,
  type Lease,
  type LetterLook,
  type OutboxLook,
  type OutboxTier,
  type Parking,
  type ShardChunk,
  type ShardStream,
  type StreamLook,
  type StreamTier,
} from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { describe, expect, onTestFinished, test } from "vitest";

const DEADLINE_MS = 30_000;

const freshKeys = (count: number): string[] =>
  Array.from({ length: count }, () => platform.digest96(crypto.randomUUID()));

/** Of real events: in memory a lookup reads the chunks themselves. */
const chunkOf = (shard: number, keys: readonly string[], copied = false): ShardChunk => {
  const bytes = new TextEncoder().encode(crypto.randomUUID());
  const plain = { type: "t", partitionKey: null, traceparent: null, replay: 0, bytes };
  const events = keys.map((key) => ({ ...plain, identity: key, dedupKey: key }));
  const chunk = { receivedAtMs: Date.now(), events, ...(copied ? { copied } : {}) };
  return { shard, chunk: encodeChunk(chunk, platform), events: keys.length, dedupKeys: keys.join("") };
};
const keysOf = ({ dedupKeys }: ShardChunk): string[] => dedupKeys.match(/.{16}/g) ?? [];

export type StreamSightSubject = {
  readonly find: StreamLook;
  readonly tier: StreamTier;
  readonly stream: ShardStream;
  readonly leases: { take(shard: number, owner: string, leaseMs: number): Promise<Lease | null> };
  close(): Promise<void>;
};

/** What every look into the streams must do. */
export const streamSightConformance = (name: string, make: () => Promise<StreamSightSubject>): void => {
  describe(`${name} as where a lookup finds events of the stream`, () => {
    const open = async () => {
      const subject = await make();
      onTestFinished(() => subject.close());
      const look = (key: string, ...shards: readonly number[]) => subject.find(key, shards, DEADLINE_MS);
      const append = (...chunks: readonly ShardChunk[]) => subject.tier.append(chunks, DEADLINE_MS);
      return { ...subject, look, append };
    };

    test("has seen nothing at first, and says since when it would have", async () => {
      const { look, append } = await open();
      const [key = ""] = keysOf(chunkOf(0, freshKeys(1)));
      expect(await look(key, 0, 1)).toEqual({ kind: "absent", sinceMs: null });
      await append(chunkOf(0, freshKeys(1)));
      const seen = await look(key, 0);
      expect(seen.kind === "absent" && Math.abs(Number(seen.sinceMs) - Date.now()) < 60_000).toBe(true);
      // The second shard has had nothing, so nobody can say since when.
      expect(await look(key, 0, 1)).toEqual({ kind: "absent", sinceMs: null });
    });

    test("finds each event of a chunk in its entry, in whichever of the shards that are asked", async () => {
      const { look, append, stream } = await open();
      const [first, second] = [chunkOf(0, freshKeys(1)), chunkOf(2, freshKeys(300))];
      await append(first, second);
      const [entry] = await stream.read(2, "0", 10, 0);
      for (const key of [keysOf(second)[0] ?? "", keysOf(second)[299] ?? ""]) {
        const seen = { kind: "held", shard: 2, entry: entry?.id, copied: false };
        expect(await look(key, 0, 1, 2, 3)).toMatchObject(seen);
        expect(await look(key, 2)).toMatchObject({ ...seen, atMs: Number(entry?.id.split("-")[0]) });
        expect((await look(key, 0, 1, 3)).kind).toBe("absent");
      }
    });

    test("knows of a copy by the chunk", async () => {
      const { look, append } = await open();
      const chunk = chunkOf(1, freshKeys(2), true);
      await append(chunk);
      expect(await look(keysOf(chunk)[1] ?? "", 1)).toMatchObject({ kind: "held", copied: true });
    });

    test("says that an event has left when its entry is settled, and of its repeat, too", async () => {
      const { look, append, stream, leases } = await open();
      const chunk = chunkOf(0, freshKeys(2));
      await append(chunk, chunkOf(1, freshKeys(1)));
      const [entry] = await stream.read(0, "0", 10, 0);
      const lease = await leases.take(0, "one", 60_000);
      await stream.settle(lease as Lease, { entries: [entry?.ref ?? ""], relayed: 2 });
      const left = { kind: "left", shard: 0, entry: entry?.id };
      expect(await look(keysOf(chunk)[0] ?? "", 0, 1)).toEqual(left);
      await append(chunk);
      expect(await look(keysOf(chunk)[0] ?? "", 1, 0)).toEqual(left);
    });

    test("keeps the first place of an event whose repeat comes in with another", async () => {
      const { look, append, stream } = await open();
      const [one, other] = [freshKeys(1), freshKeys(1)];
      const first = chunkOf(0, one);
      const both = chunkOf(0, [...one, ...other]);
      await append(first);
      await append(both);
      const [a, b] = await stream.read(0, "0", 10, 0);
      expect(await look(keysOf(first)[0] ?? "", 0)).toMatchObject({ entry: a?.id });
      expect(await look(keysOf(both)[1] ?? "", 0)).toMatchObject({ entry: b?.id });
    });
  });
};

export type OutboxSightSubject = {
  readonly look: OutboxLook;
  readonly letterLook: LetterLook;
  readonly tier: OutboxTier;
  readonly parking: Parking;
  readonly deadLetters: DeadLetters;
  replay(letter: string): Promise<void>;
  /** Removes all rows of a shard. */
  clear(shard: number): Promise<void>;
  close(): Promise<void>;
};

/** What every look into Postgres must do. */
export const outboxSightConformance = (name: string, make: () => Promise<OutboxSightSubject>): void => {
  describe(`${name} as where a lookup finds events in Postgres`, () => {
    const open = async () => {
      const subject = await make();
      onTestFinished(() => subject.close());
      const waiting = (key: string, ...shards: readonly number[]) => subject.look.outbox(key, shards, DEADLINE_MS);
      return { ...subject, waiting };
    };

    test("finds each event of a row, since when it waits, and nothing when the row is gone", async () => {
      const { tier, waiting, clear } = await open();
      const chunk = chunkOf(1, freshKeys(50));
      await tier.append([chunk, chunkOf(2, freshKeys(1))], DEADLINE_MS);
      for (const key of [keysOf(chunk)[0] ?? "", keysOf(chunk)[49] ?? ""]) {
        const seen = await waiting(key, 0, 1);
        expect(seen).toMatchObject({ kind: "outbox", shard: 1, row: expect.stringMatching(/^\d+$/) });
        expect(seen.kind === "outbox" && Math.abs(seen.sinceMs - Date.now()) < 60_000).toBe(true);
        expect(await waiting(key, 0, 2)).toEqual({ kind: "absent" });
      }
      await clear(1);
      expect(await waiting(keysOf(chunk)[0] ?? "", 0, 1)).toEqual({ kind: "absent" });
    });

    test("tells a copy from a row, and the row where there are both", async () => {
      const { tier, waiting } = await open();
      const [copied, other] = [chunkOf(0, freshKeys(2), true), freshKeys(1)];
      await tier.copy([copied], DEADLINE_MS);
      const [key = ""] = keysOf(copied);
      expect(await waiting(key, 0)).toMatchObject({ kind: "copy", shard: 0 });
      await tier.append([chunkOf(0, other)], DEADLINE_MS);
      expect(await waiting(key, 0)).toMatchObject({ kind: "copy" });
      await tier.append([copied], DEADLINE_MS);
      expect(await waiting(key, 0)).toMatchObject({ kind: "outbox" });
    });

    test("finds what is parked, by its topic, until it is removed", async () => {
      const { look, parking } = await open();
      const [{ chunk, dedupKeys }, lease] = [chunkOf(0, freshKeys(1)), { shard: 0, owner: "one", token: 1 }];
      expect(await look.parked(dedupKeys, DEADLINE_MS)).toBeNull();
      await parking.open(lease, "orders", { code: "x" });
      const event = { ref: "1-0 abc", index: 3, chunk, dedupKey: dedupKeys };
      await parking.put(lease, "orders", [event], { eventsMax: 10, bytesMax: 1e6 }, { writer: "p", floor: 0 });
      const seen = await look.parked(dedupKeys, DEADLINE_MS);
      expect(seen).toMatchObject({ topic: "orders" });
      expect(Math.abs(Number(seen?.sinceMs) - Date.now())).toBeLessThan(60_000);
      await parking.remove(0, "orders", { relayed: [event], dead: [] });
      expect(await look.parked(dedupKeys, DEADLINE_MS)).toBeNull();
    });

    test("finds the newest letter of an event, what operators decided, and that of a whole entry by its place", async () => {
      const { letterLook, deadLetters, replay, waiting } = await open();
      const { chunk } = chunkOf(3, freshKeys(1));
      const [event] = decodeChunk(chunk, platform).events;
      if (event === undefined) throw new Error("a chunk holds events");
      const letter: DeadLetter = {
        ...event,
        shard: 3,
        entry: "7-0",
        index: 0,
        deadLetterClass: "oversize",
        code: "MESSAGE_TOO_LARGE",
        detail: "too large",
        topic: "orders",
        attempts: 1,
        receivedAtMs: Date.now(),
        bytes: new TextEncoder().encode('{"id":"1","source":"/s","type":"t","specversion":"1.0"}'),
      };
      const look = (entry: string | null) =>
        letterLook(event.identity, entry === null ? null : { shard: 3, entry }, DEADLINE_MS);
      expect(await look("7-0")).toBeNull();
      await deadLetters.put([letter]);
      const first = await look(null);
      expect(first).toMatchObject({ replay: 0, status: "waiting", class: "oversize", code: "MESSAGE_TOO_LARGE" });
      expect(Math.abs(Number(first?.diedAtMs) - Date.now())).toBeLessThan(60_000);
      await replay(first?.letter ?? "");
      expect(await look(null)).toEqual({ ...first, status: "replayed" });
      const again = platform.digest96(`${event.identity}\n1`);
      expect(await waiting(again, 0, 1, 2, 3)).toMatchObject({ kind: "outbox" });
      await deadLetters.put([{ ...letter, replay: 1, code: "again" }]);
      expect(await look(null)).toMatchObject({ replay: 1, status: "waiting", code: "again" });
      const whole = { ...letter, identity: null, index: -1, entry: "9-0", deadLetterClass: "undecodable" } as const;
      await deadLetters.put([{ ...whole, code: "checksum" }]);
      expect(await look("9-0")).toMatchObject({ class: "undecodable", code: "checksum" });
      expect(await look("8-0")).toMatchObject({ code: "again" });
      expect(await look(null)).toMatchObject({ code: "again" });
    });
  });
};
