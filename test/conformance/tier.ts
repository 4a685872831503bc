import type { Tier } from "@spillway/event";
import { describe, expect, onTestFinished, test } from "vitest";
import { chunkOf, freshNames, hexOf } from "./chunks.ts";

/** A tier on an empty backend of its own. */
export type TierSubject = {
  readonly tier: Tier;
  /** What is recorded for a shard now, in order. */
  stored(shard: number): Promise<readonly { readonly chunk: Uint8Array; readonly skip?: readonly number[] }[]>;
  /** Sets one of the servers so that it does not keep what it takes, and back. */
  weaken?(isWeak: boolean): Promise<void>;
  close(): Promise<void>;
};

export type TierTraits = {
  /** Whether the tier itself drops what it has seen; else a repeated chunk is recorded again. */
  readonly dropsDuplicates: boolean;
  /** Whether the subject can be weakened. */
  readonly canBeWeak?: boolean;
};

const DEADLINE_MS = 30_000;

/** What every `Tier` must do. `make` is called once a test. */
export const tierConformance = (name: string, traits: TierTraits, make: () => Promise<TierSubject>): void => {
  describe(`${name} as a tier`, () => {
    const open = async () => {
      const subject = await make();
      onTestFinished(() => subject.close());
      const { tier, stored, weaken } = subject;
      const append = (...chunks: Parameters<Tier["append"]>[0]) => tier.append(chunks, DEADLINE_MS);
      return { tier, stored, weaken, append };
    };

    test("answers one chunk with one ok, and has recorded its very bytes", async () => {
      const { append, stored } = await open();
      const bytes = Uint8Array.from({ length: 1024 }, (_, i) => i & 255);
      expect(await append(chunkOf(0, freshNames(3), bytes))).toMatchObject([{ kind: "ok", duplicates: [] }]);
      const [only, ...others] = await stored(0);
      expect(Buffer.from(only?.chunk ?? []).equals(bytes)).toBe(true);
      expect(others).toEqual([]);
    });

    test("answers chunks of several shards in the order of the call", async () => {
      const { append, stored } = await open();
      const known = freshNames(1);
      await append(chunkOf(2, known));
      const chunks = [chunkOf(1, freshNames(2)), chunkOf(2, [...freshNames(1), ...known]), chunkOf(0, freshNames(1))];
      const answers = await append(...chunks);
      const duplicates = answers.map((answer) => (answer.kind === "ok" ? answer.duplicates : answer.kind));
      expect(duplicates).toEqual([[], traits.dropsDuplicates ? [1] : [], []]);
      for (const { shard, chunk } of chunks) {
        const last = (await stored(shard)).at(-1);
        expect(Buffer.from(last?.chunk ?? []).equals(chunk)).toBe(true);
      }
    });

    test("answers a call of no chunks with no answers", async () => {
      const { append } = await open();
      expect(await append()).toEqual([]);
    });

    test("keeps the order of its appends", async () => {
      const { append, stored } = await open();
      const chunks = Array.from({ length: 20 }, () => chunkOf(0, freshNames(1)));
      for (const chunk of chunks) await append(chunk);
      expect((await stored(0)).map(hexOf)).toEqual(chunks.map(hexOf));
    });

    test("takes a chunk of 5,000 events and one of a megabyte", async () => {
      const { append, stored } = await open();
      const big = Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 31) & 255);
      const answers = await append(chunkOf(0, freshNames(5000)), chunkOf(1, freshNames(1), big));
      expect(answers.map(({ kind }) => kind)).toEqual(["ok", "ok"]);
      expect(Buffer.from((await stored(1))[0]?.chunk ?? []).equals(big)).toBe(true);
    });

    test("may be called again with the same chunk", async () => {
      const { append, stored } = await open();
      const chunk = chunkOf(0, freshNames(3));
      await append(chunk);
      const [again] = await append(chunk);
      expect(again).toMatchObject({ kind: "ok", duplicates: traits.dropsDuplicates ? [0, 1, 2] : [] });
      expect((await stored(0)).length).toBe(traits.dropsDuplicates ? 1 : 2);
    });

    test("records calls at the same time, each as a whole", async () => {
      const { append, stored } = await open();
      const chunks = Array.from({ length: 30 }, () => chunkOf(0, freshNames(2)));
      const answers = await Promise.all(chunks.map((chunk) => append(chunk)));
      expect(answers.flat().every(({ kind }) => kind === "ok")).toBe(true);
      expect((await stored(0)).map(hexOf).sort()).toEqual(chunks.map(hexOf).sort());
    });

    test("says that it is up", async () => {
      const { tier } = await open();
      expect(await tier.health(DEADLINE_MS)).toMatchObject({ status: "up" });
    });

    if (traits.canBeWeak)
      test("tells whether it keeps its promise, by what, and that it does again; it takes chunks all the same", async () => {
        const { tier, append, weaken } = await open();
        expect((await tier.health(DEADLINE_MS)).promise).toEqual({ state: "kept" });
        await weaken?.(true);
        try {
          // Of a cluster another node may answer each time.
          for (let asked = 0; asked < 8; asked++) {
            const { status, promise } = await tier.health(DEADLINE_MS);
            const because = ["maxmemory-policy"];
            expect({ status, promise }).toEqual({ status: "up", promise: { state: "broken", because } });
          }
          expect(await append(chunkOf(0, freshNames(1)))).toMatchObject([{ kind: "ok" }]);
        } finally {
          await weaken?.(false);
        }
        expect((await tier.health(DEADLINE_MS)).promise).toEqual({ state: "kept" });
      });

    if (!traits.dropsDuplicates) return;

    test("names events that repeat within one chunk, and skips them", async () => {
      const { append, stored } = await open();
      const [a = "", b = ""] = freshNames(2);
      const answers = await append(chunkOf(0, [a, b, a, a, b]));
      expect(answers).toMatchObject([{ kind: "ok", duplicates: [2, 3, 4] }]);
      expect((await stored(0)).map(({ skip }) => skip)).toEqual([[2, 3, 4]]);
    });

    test("records one of several equal chunks that come at once", async () => {
      const { append, stored } = await open();
      const chunk = chunkOf(0, freshNames(4));
      const answers = (await Promise.all(Array.from({ length: 20 }, () => append(chunk)))).flat();
      const duplicates = answers.map((answer) => (answer.kind === "ok" ? answer.duplicates.length : -1));
      expect(duplicates.sort()).toEqual([0, ...Array<number>(19).fill(4)]);
      expect((await stored(0)).length).toBe(1);
    });

    test("knows an event per shard, not across shards", async () => {
      const { append } = await open();
      const names = freshNames(1);
      await append(chunkOf(0, names));
      expect(await append(chunkOf(1, names))).toMatchObject([{ kind: "ok", duplicates: [] }]);
    });
  });
};
