import type { Diverted, Entry, Lease, Leases, ShardCounts, ShardStream, StreamTier } from "@spillway/event";
import { describe, expect, onTestFinished, test } from "vitest";
import { chunkOf, freshNames, keyOf } from "./chunks.ts";
import { writersOfStream } from "./stream-writers.ts";

/** The three ports on one empty state of their own. */
export type StreamSubject = {
  readonly tier: StreamTier;
  readonly stream: ShardStream;
  readonly leases: Leases;
  /** Sets one of the servers so that it does not keep what it takes, and back. */
  weaken?(isWeak: boolean): Promise<void>;
  /** What stands beside the chunk of the shard's only entry is damaged: another event is skipped now than was. */
  damageMetadata(shard: number): Promise<void>;
  close(): Promise<void>;
};

export type SubjectLimits = { readonly backlogEventsMax: number; readonly backlogBytesMax: number };

export const roomyLimits: SubjectLimits = { backlogEventsMax: 1_000_000, backlogBytesMax: 1_000_000_000 };

const DEADLINE_MS = 30_000;
const LEASE_MS = 60_000;

const settledOf = (entries: readonly Entry[], dead = 0) => {
  const events = entries.reduce((sum, entry) => sum + entry.events, 0);
  return { entries: entries.map(({ id }) => id), relayed: events - dead };
};

const pendingOf = ({ accepted, relayed, dead, parked }: ShardCounts): number => accepted - relayed - dead - parked;

const stampOf = async (diverted: Promise<Diverted>): Promise<string> => {
  const answer = await diverted;
  if (answer.kind === "fenced") throw new Error("fenced");
  return answer.stamp;
};

/** What every `ShardStream` must do. `make` is called once a test. */
export const shardStreamConformance = (name: string, make: (limits: SubjectLimits) => Promise<StreamSubject>): void => {
  describe(`${name} as a shard stream`, () => {
    const open = async (limits: Partial<SubjectLimits> = {}) => {
      const subject = await make({ ...roomyLimits, ...limits });
      onTestFinished(() => subject.close());
      const { tier, stream, leases, weaken, damageMetadata } = subject;
      const lease = (await leases.take(0, "one", LEASE_MS)) as Lease;
      const append = async (names: readonly string[]) =>
        (await tier.append([chunkOf(0, names)], DEADLINE_MS))[0]?.kind ?? "nothing";
      const readAll = () => stream.read(0, "0", 10_000, 0);
      return { stream, leases, lease, append, readAll, tier, weaken, damageMetadata };
    };

    test("reads what was appended, in order, from any position", async () => {
      const { stream, append, readAll } = await open();
      for (let i = 0; i < 5; i++) await append(freshNames(i + 1));
      const all = await readAll();
      expect(all.map(({ events }) => events)).toEqual([1, 2, 3, 4, 5]);
      const [first, second] = await stream.read(0, "0", 2, 0);
      expect([first, second]).toEqual(all.slice(0, 2));
      expect(await stream.read(0, second?.id ?? "", 10, 0)).toEqual(all.slice(2));
      expect(await stream.read(0, all.at(-1)?.id ?? "", 10, 0)).toEqual([]);
      expect(await readAll()).toEqual(all);
    });

    test("tells which server it is and which epoch, and the same again", async () => {
      const { stream, append } = await open();
      const before = await stream.birth(0);
      expect(before).toEqual({ server: expect.stringMatching(/./), epoch: "" });
      await append(freshNames(1));
      const born = await stream.birth(0);
      expect(born).toEqual({ server: before.server, epoch: expect.stringMatching(/./) });
      await append(freshNames(1));
      expect(await stream.birth(0)).toEqual(born);
    });

    test("tells how many of some events it does not know", async () => {
      const { stream, append, readAll, lease } = await open();
      const [a, b, c] = freshNames(3) as [string, string, string];
      const missing = (...names: readonly string[]) => stream.missing(0, names.map(keyOf).join(""));
      expect(await missing(a, b, c)).toBe(3);
      await append([a, b]);
      expect(await missing(a, b, c)).toBe(1);
      expect(await missing(a, b)).toBe(0);
      await stream.settle(lease, settledOf(await readAll()));
      expect(await missing(b, c, a)).toBe(1);
    });

    test("tells the time, and that of the oldest entry", async () => {
      const { stream, append, readAll, lease } = await open();
      expect(await stream.oldest(0)).toMatchObject({ oldestAtMs: null });
      await append(freshNames(1));
      const [first] = await readAll();
      await append(freshNames(1));
      const { nowMs, oldestAtMs } = await stream.oldest(0);
      expect(oldestAtMs).toBe(Number(first?.id.split("-")[0]));
      expect(nowMs).toBeGreaterThanOrEqual(oldestAtMs ?? Infinity);
      await stream.settle(lease, settledOf(await readAll()));
      expect(await stream.oldest(0)).toMatchObject({ oldestAtMs: null });
    });

    test("tells whether the servers keep what they take, and by what not", async () => {
      const { stream, weaken } = await open();
      expect(await stream.promise()).toEqual({ state: "kept" });
      await weaken?.(true);
      try {
        expect(await stream.promise()).toEqual({ state: "broken", because: ["maxmemory-policy"] });
      } finally {
        await weaken?.(false);
      }
      expect(await stream.promise()).toEqual({ state: "kept" });
    });

    test("tells what an entry holds without the chunk being decoded", async () => {
      const { tier, readAll } = await open();
      const [a = "", b = "", c = ""] = freshNames(3);
      await tier.append([chunkOf(0, [a])], DEADLINE_MS);
      const chunk = chunkOf(0, [a, b, c, b]);
      await tier.append([chunk], DEADLINE_MS);
      const [, entry] = await readAll();
      expect(entry).toMatchObject({ skip: [0, 3], events: 2, total: 4 });
      expect(Buffer.from(entry?.chunk ?? []).equals(chunk.chunk)).toBe(true);
      expect(entry?.storedBytes).toBeGreaterThanOrEqual(chunk.chunk.length);
    });

    test("tells that what stands beside a chunk is damaged, and counts what was added all the same", async () => {
      const { stream, lease, append, readAll, damageMetadata } = await open();
      const [a = "", b = "", c = ""] = freshNames(3);
      await append([a]);
      await stream.settle(lease, settledOf(await readAll()));
      await append([a, b, c]);
      await damageMetadata(0);
      const damaged = await readAll();
      expect(damaged).toMatchObject([{ events: 2, total: null }]);
      expect(await stream.settle(lease, settledOf(damaged, 2))).toBe("ok");
      expect(await stream.counts(0)).toMatchObject({ accepted: 3, relayed: 1, dead: 2, backlogBytes: 0 });
    });

    test("answers nothing when nothing comes, and wakes when something does", async () => {
      const { stream, append } = await open();
      expect(await stream.read(0, "0", 10, 20)).toEqual([]);
      const waiting = stream.read(0, "0", 10, DEADLINE_MS);
      await append(freshNames(1));
      expect(await waiting).toHaveLength(1);
    });

    test("removes what is settled and nothing else", async () => {
      const { stream, lease, append, readAll } = await open();
      for (let i = 0; i < 4; i++) await append(freshNames(2));
      const all = await readAll();
      const some = all.filter((_, i) => i === 1 || i === 2);
      expect(await stream.settle(lease, settledOf(some, 1))).toBe("ok");
      expect(await readAll()).toEqual([all[0], all[3]]);
      expect(await stream.counts(0)).toMatchObject({ accepted: 8, relayed: 3, dead: 1 });
    });

    test("counts a settle once however often it is repeated, also when it is cut otherwise", async () => {
      const { stream, lease, append, readAll } = await open();
      for (let i = 0; i < 3; i++) await append(freshNames(2));
      const all = await readAll();
      const two = settledOf(all.slice(0, 2));
      for (let i = 0; i < 3; i++) expect(await stream.settle(lease, two)).toBe("ok");
      expect(await stream.counts(0)).toMatchObject({ accepted: 6, relayed: 4, dead: 0 });
      expect(await stream.settle(lease, settledOf(all))).toBe("ok");
      expect(await stream.counts(0)).toMatchObject({ accepted: 6, relayed: 6, dead: 0, backlogBytes: 0 });
      expect(await stream.settle(lease, { entries: [], relayed: 0 })).toBe("ok");
      expect(pendingOf(await stream.counts(0))).toBe(0);
    });

    test("counts what was parked beside what was relayed and what is dead", async () => {
      const { stream, lease, append, readAll } = await open();
      for (let i = 0; i < 3; i++) await append(freshNames(2));
      const [first, second] = await readAll();
      const entries = [first?.ref ?? "", second?.ref ?? ""];
      for (let i = 0; i < 2; i++) expect(await stream.settle(lease, { entries, relayed: 1, parked: 2 })).toBe("ok");
      const counts = await stream.counts(0);
      expect(counts).toMatchObject({ accepted: 6, relayed: 1, parked: 2, dead: 1 });
      expect(pendingOf(counts)).toBe(2);
    });

    test("keeps the marks of parked topics for the next owner, and those of an owner only", async () => {
      const { stream, leases, lease } = await open();
      const marked = async () => {
        const { topics, told } = await stream.parked(0);
        return { topics: topics.toSorted(), told };
      };
      expect(await marked()).toEqual({ topics: [], told: "nobody" });
      expect(await stream.park(lease, ["orders"], "begin")).toBe("ok");
      expect(await marked()).toEqual({ topics: ["orders"], told: "nobody" });
      expect(await stream.park(lease, ["users"], "all")).toBe("ok");
      const both = { topics: ["orders", "users"], told: "this-server" };
      expect(await marked()).toEqual(both);
      await leases.release(lease);
      const next = (await leases.take(0, "two", LEASE_MS)) as Lease;
      for (const as of ["begin", "all", "end"] as const)
        expect(await stream.park(lease, ["orders", "late"], as)).toBe("fenced");
      expect(await stream.park(next, ["orders", "users"], "begin")).toBe("ok");
      expect(await marked()).toEqual(both);
      expect(await stream.park(next, ["orders"], "end")).toBe("ok");
      expect(await marked()).toEqual({ topics: ["users"], told: "this-server" });
      expect(await stream.park(next, ["users"], "end")).toBe("ok");
      expect(await marked()).toEqual({ topics: [], told: "this-server" });
      expect(await stream.parked(1)).toEqual({ topics: [], told: "nobody" });
    });

    test("takes nothing from an owner that lost its lease", async () => {
      const { stream, leases, lease, append, readAll } = await open();
      await append(freshNames(2));
      const before = await readAll();
      const newer = (await leases.take(0, "one", LEASE_MS)) as Lease;
      const zombies = [lease, { ...newer, owner: "two" }, { ...newer, token: newer.token + 1 }];
      for (const zombie of zombies) {
        expect(await stream.settle(zombie, settledOf(before))).toBe("fenced");
        expect(await stream.divert(zombie)).toEqual({ kind: "fenced" });
        expect(await stream.endDiversion(zombie, "")).toBe("fenced");
        expect(await stream.append(zombie, chunkOf(0, freshNames(1)))).toEqual({ kind: "fenced" });
      }
      expect(await append(freshNames(1))).toBe("ok");
      expect(await stream.counts(0)).toMatchObject({ accepted: 3, relayed: 0, dead: 0 });
      expect((await readAll()).slice(0, 1)).toEqual(before);
    });

    test("turns every edge away while it is diverted, but not the drain", async () => {
      const { stream, lease, append } = await open();
      expect(await stream.diversion(0)).toBeNull();
      const stamp = await stampOf(stream.divert(lease));
      expect(await stream.diversion(0)).toBe(stamp);
      expect(await append(freshNames(1))).toBe("diverted");
      expect(await stream.append(lease, chunkOf(0, freshNames(2)))).toMatchObject({ kind: "ok" });
      expect(await stream.endDiversion(lease, stamp)).toBe("ok");
      expect(await stream.endDiversion(lease, stamp)).toBe("ok");
      expect(await append(freshNames(1))).toBe("ok");
      expect(await stream.counts(0)).toMatchObject({ accepted: 3 });
    });

    test("stays diverted when its owner is gone: the next one ends it", async () => {
      const { stream, leases, lease, append } = await open();
      const stamp = await stampOf(stream.divert(lease));
      await leases.release(lease);
      expect(await append(freshNames(1))).toBe("diverted");
      const next = (await leases.take(0, "two", LEASE_MS)) as Lease;
      expect(await stream.endDiversion(next, stamp)).toBe("ok");
      expect(await append(freshNames(1))).toBe("ok");
    });

    test("is diverted by an edge, too, and stays so until an owner ends the stamp that stands now", async () => {
      const { stream, tier, lease, append } = await open();
      await append(freshNames(1));
      const first = await stampOf(stream.divert(lease));
      expect(await tier.divert([1, 0], DEADLINE_MS)).toBeNull();
      expect(await stream.diversion(1)).toEqual(expect.any(String));
      expect(await stream.endDiversion(lease, first)).toBe("renewed");
      expect(await append(freshNames(1))).toBe("diverted");
      const second = (await stream.diversion(0)) as string;
      expect(second).not.toBe(first);
      const third = await stampOf(stream.divert(lease));
      expect(await stream.endDiversion(lease, second)).toBe("renewed");
      expect(await stream.endDiversion(lease, third)).toBe("ok");
      expect(await append(freshNames(1))).toBe("ok");
    });

    test("knows the drain's events as it knows the edges'", async () => {
      const { stream, lease, append } = await open();
      const names = freshNames(3);
      await append(names);
      const answer = await stream.append(lease, chunkOf(0, [...names, ...freshNames(1)]));
      expect(answer).toMatchObject({ kind: "ok", duplicates: [0, 1, 2] });
    });

    test("is full by events until something is settled, for edges and the drain", async () => {
      const { stream, lease, append, readAll } = await open({ backlogEventsMax: 4 });
      expect(await append(freshNames(2))).toBe("ok");
      expect(await append(freshNames(2))).toBe("ok");
      expect(await append(freshNames(1))).toBe("full");
      expect(await stream.append(lease, chunkOf(0, freshNames(1)))).toEqual({ kind: "full" });
      expect(await stream.counts(0)).toMatchObject({ accepted: 4, duplicate: 0 });
      await stream.settle(lease, settledOf((await readAll()).slice(0, 1)));
      expect(await append(freshNames(1))).toBe("ok");
    });

    test("is full by bytes until something is settled", async () => {
      const bytes = new Uint8Array(3000);
      const { stream, lease, tier, readAll } = await open({ backlogBytesMax: bytes.length });
      const append = async () => (await tier.append([chunkOf(0, freshNames(1), bytes)], DEADLINE_MS))[0]?.kind;
      expect(await append()).toBe("ok");
      expect(await append()).toBe("full");
      await stream.settle(lease, settledOf(await readAll()));
      expect(await append()).toBe("ok");
    });

    writersOfStream(open);

    test("is empty when all has left it, and not before it was born", async () => {
      const { stream, lease, append, readAll } = await open();
      const isEmpty = async () => (await stream.counts(0)).isEmpty;
      expect(await isEmpty()).toBe(false);
      await append(freshNames(1));
      expect(await isEmpty()).toBe(false);
      await stream.settle(lease, settledOf(await readAll()));
      expect(await isEmpty()).toBe(true);
    });

    test("names its birth, and counts what came after it", async () => {
      const { stream, append } = await open();
      const empty = { accepted: 0, duplicate: 0, relayed: 0, dead: 0, parked: 0, backlogBytes: 0 };
      expect(await stream.counts(0)).toEqual({ epoch: null, ...empty, totals: [], isEmpty: false });
      const names = freshNames(2);
      await append(names);
      const born = await stream.counts(0);
      expect(born.epoch).toEqual(expect.any(String));
      await append([...names, ...freshNames(1)]);
      expect(await stream.counts(0)).toMatchObject({ epoch: born.epoch, accepted: 3, duplicate: 2 });
      expect((await stream.counts(1)).epoch).toBeNull();
    });

    test("gives a new owner everything that is not settled, from the start", async () => {
      const { stream, leases, lease, append, readAll } = await open();
      for (let i = 0; i < 3; i++) await append(freshNames(1));
      const [first] = await readAll();
      if (first) await stream.settle(lease, settledOf([first]));
      await leases.release(lease);
      const next = (await leases.take(0, "two", LEASE_MS)) as Lease;
      const rest = await readAll();
      expect(rest).toHaveLength(2);
      expect(await stream.settle(next, settledOf(rest))).toBe("ok");
      expect(await readAll()).toEqual([]);
    });
  });
};
