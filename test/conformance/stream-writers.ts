import type { Entry, Lease, Leases, RowRun, ShardStream, StreamTier } from "@spillway/event";
import { expect, test } from "vitest";
import { chunkOf, freshNames } from "./chunks.ts";

const DEADLINE_MS = 30_000;
const LEASE_MS = 60_000;

type Opened = {
  readonly stream: ShardStream;
  readonly tier: StreamTier;
  readonly leases: Leases;
  readonly lease: Lease;
  readonly append: (names: readonly string[]) => Promise<string>;
  readonly readAll: () => Promise<readonly Entry[]>;
};

/** What a stream knows of those who write into it. */
export const writersOfStream = (open: () => Promise<Opened>): void => {
  test("counts each writer's events, says so in the entries, and to who appends", async () => {
    const { tier, stream, leases, lease, readAll } = await open();
    const append = async (writer: string, floor: number, names: readonly string[]) =>
      (await tier.append([{ ...chunkOf(0, names), from: { writer, floor } }], DEADLINE_MS))[0];
    const [one, two] = [freshNames(3), freshNames(2)];
    expect(await append("a1", 0, one)).toEqual({ kind: "ok", duplicates: [], totals: [["a1", 3]] });
    expect(await append("b1", 0, two)).toEqual({ kind: "ok", duplicates: [], totals: [["b1", 2]] });
    expect(await append("a1", 3, freshNames(1))).toEqual({ kind: "ok", duplicates: [], totals: [["a1", 4]] });
    // Whoever appended the first copies, the one who answers for them now knows all that it may have been.
    for (const names of [[...two, ...freshNames(1)], two]) {
      const answer = await append("c1", 0, names);
      const totals = answer?.kind === "ok" ? [...(answer.totals ?? [])].sort() : [];
      expect(totals).toEqual([
        ["a1", 4],
        ["b1", 2],
        ["c1", 1],
      ]);
    }
    expect((await readAll()).map(({ from }) => [from?.writer, from?.total])).toEqual([
      ["a1", 3],
      ["b1", 2],
      ["a1", 4],
      ["c1", 1],
    ]);
    expect([...(await stream.counts(0)).totals].sort()).toEqual([
      ["a1", 4],
      ["b1", 2],
      ["c1", 1],
    ]);
    expect(await stream.forget(lease, ["b1", "who"])).toBe("ok");
    await leases.take(0, "one", LEASE_MS);
    expect(await stream.forget(lease, ["a1"])).toBe("fenced");
    expect([...(await stream.counts(0)).totals].sort()).toEqual([
      ["a1", 4],
      ["c1", 1],
    ]);
  });

  test("knows how far each writer's rows of the outbox were brought in, whatever of them was there before, and each entry of which it is", async () => {
    const { stream, lease, readAll } = await open();
    const totals = async () => [...(await stream.counts(0)).totals].sort();
    const from = { writer: "d1", floor: 0 };
    const names = freshNames(3);
    const bring = (some: readonly string[], ...rows: RowRun[]) =>
      stream.append(lease, { ...chunkOf(0, some), from, rows });
    await bring(names, ["o1", 4, 1], [null, 0, 1], ["o2", 1, 1]);
    expect(await totals()).toEqual([
      ["d1", 3],
      ["o1", 4],
      ["o2", 1],
    ]);
    expect(await bring(names, ["o1", 3, 2], ["o2", 6, 1])).toEqual({
      kind: "ok",
      duplicates: [0, 1, 2],
      totals: [["d1", 3]],
    });
    await bring(freshNames(1), ["o1", 10, 1]);
    await bring(freshNames(1));
    expect((await readAll()).map(({ from }) => from?.rows)).toEqual([
      [
        ["o1", 4, 1],
        [null, 0, 1],
        ["o2", 1, 1],
      ],
      [["o1", 10, 1]],
      undefined,
    ]);
    expect(await totals()).toEqual([
      ["d1", 5],
      ["o1", 10],
      ["o2", 6],
    ]);
    await stream.forget(lease, ["o1"]);
    expect(await totals()).toEqual([
      ["d1", 5],
      ["o2", 6],
    ]);
  });

  test("takes nothing of a writer of whom it has had less than it answered", async () => {
    const { tier, stream, lease, readAll } = await open();
    const before = { ...chunkOf(0, freshNames(2)), from: { writer: "a1", floor: 3 } };
    expect(await tier.append([before], DEADLINE_MS)).toEqual([{ kind: "behind" }]);
    expect(await stream.append(lease, before)).toEqual({ kind: "behind" });
    expect([await readAll(), (await stream.counts(0)).totals]).toEqual([[], []]);
    for (const floor of [0, 2])
      expect(
        (await tier.append([{ ...chunkOf(0, freshNames(2)), from: { writer: "a1", floor } }], DEADLINE_MS))[0]?.kind,
      ).toBe("ok");
    expect(await tier.append([{ ...before, from: { writer: "a1", floor: 5 } }], DEADLINE_MS)).toEqual([
      { kind: "behind" },
    ]);
  });
};
