import { describe, expect, test } from "vitest";
import type { Appended, ShardChunk } from "./tier.ts";
import { createWriters } from "./writer.ts";

const chunk = (shard = 0): ShardChunk => ({ shard, chunk: new Uint8Array(1), events: 1, dedupKeys: "k".repeat(16) });
const ok = (...totals: [string, number][]): Extract<Appended, { readonly kind: "ok" }> => ({
  kind: "ok",
  duplicates: [],
  totals,
});

const open = () => {
  let ids = 0;
  const writers = createWriters({ newId: () => `w${++ids}` });
  const asked: string[] = [];
  /** Appends one chunk, which is answered so; each answer for one try. */
  const append = (answers: readonly (Appended | Promise<Appended>)[], shard = 0) => {
    let tries = 0;
    return writers.append([chunk(shard)], async ([one]) => {
      asked.push(`${one?.from?.writer} ${one?.from?.floor}`);
      return [await (answers[tries++] as Appended)];
    });
  };
  const known = () => writers.unrecorded().map(({ shard, writer, acknowledged }) => [shard, writer, acknowledged]);
  return { writers, asked, append, known };
};

describe("a process's writers", () => {
  test("are one for each shard, which says what it was answered last", async () => {
    const { asked, append, known } = open();
    await append([ok(["w1", 2])]);
    await append([ok(["w2", 5])], 1);
    await append([{ kind: "full" }]);
    await append([ok(["w1", 3])]);
    await append([{ kind: "diverted" }]);
    expect(asked).toEqual(["w1 0", "w2 0", "w1 2", "w1 2", "w1 3"]);
    expect(known()).toEqual([
      [0, "w1", 3],
      [1, "w2", 5],
    ]);
  });

  test("are followed by others when nobody knows what became of an append: its numbers may be given yet", async () => {
    const { asked, append, known } = open();
    await append([ok(["w1", 2])]);
    expect(await append([{ kind: "retriable", code: "timeout" }])).toEqual([{ kind: "retriable", code: "timeout" }]);
    await append([ok(["w2", 1])]);
    expect(asked).toEqual(["w1 0", "w1 2", "w2 0"]);
    expect(known()).toEqual([
      [0, "w1", 2],
      [0, "w2", 1],
    ]);
    await expect(append([Promise.reject(new TypeError("a bug"))])).rejects.toThrow("a bug");
    await append([ok(["w3", 1])]);
    expect(asked.at(-1)).toBe("w3 0");
  });

  test("are followed by others at once when Redis went back, so that what was lost stays missing", async () => {
    const { asked, append, known } = open();
    await append([ok(["w1", 2])]);
    expect(await append([{ kind: "behind" }, ok(["w2", 1])])).toEqual([ok(["w2", 1])]);
    expect(await append([{ kind: "behind" }, { kind: "behind" }])).toEqual([{ kind: "behind" }]);
    expect(asked).toEqual(["w1 0", "w1 2", "w2 0", "w2 1", "w3 0"]);
    expect(known()).toEqual([
      [0, "w1", 2],
      [0, "w2", 1],
    ]);
  });

  test("are followed by others when numbers were reserved and not taken as they were: a copy may name them", async () => {
    const { writers, append, asked } = open();
    const reserved = async (...answers: Appended[]) => {
      const from = writers.reserve(0);
      let tries = 0;
      const [answer] = await writers.append([{ ...chunk(), from }], async () => [answers[tries++] as Appended]);
      return [from.writer, from.floor, answer?.kind, tries];
    };
    await append([ok(["w1", 2])]);
    expect(await reserved(ok(["w1", 3]))).toEqual(["w1", 2, "ok", 1]);
    expect(await reserved({ ...ok(["w1", 3]), duplicates: [0] })).toEqual(["w1", 3, "ok", 1]);
    expect(await reserved({ kind: "full" })).toEqual(["w2", 0, "full", 1]);
    expect(await reserved(ok(["w3", 1]))).toEqual(["w3", 0, "ok", 1]);
    expect(await reserved({ kind: "behind" })).toEqual(["w3", 1, "behind", 1]);
    await append([ok(["w4", 1])]);
    writers.reserve(0);
    await append([ok(["w5", 1])]);
    expect(asked).toEqual(["w1 0", "w4 0", "w5 0"]);
  });

  test("append one at a time: who comes meanwhile is another", async () => {
    const { asked, append, known } = open();
    let resolve: (answer: Appended) => void = () => undefined;
    const late = new Promise<Appended>((settle) => {
      resolve = settle;
    });
    const first = append([late]);
    await append([ok(["w2", 1])]);
    resolve(ok(["w1", 4]));
    await first;
    await append([ok(["w2", 2])]);
    expect(asked).toEqual(["w1 0", "w2 0", "w2 1"]);
    expect(known()).toEqual([
      [0, "w2", 2],
      [0, "w1", 4],
    ]);
  });

  test("whose appends are not answered for say whom they gave up, and go on from what they were answered", async () => {
    const writers = createWriters({ newId: () => "w", isAnsweredFor: false });
    const floors: (number | undefined)[] = [];
    const append = (answer: Appended) =>
      writers.append([chunk()], async ([one]) => {
        floors.push(one?.from?.floor);
        return [answer];
      });
    await append(ok(["w", 4], ["other", 7]));
    await append(ok(["w", 6]));
    expect(writers.known()).toEqual([]);
    await append({ kind: "retriable", code: "timeout" });
    expect(floors).toEqual([0, 4, 6]);
    expect(writers.known()).toEqual([{ shard: 0, writer: "w", acknowledged: 0, ended: [], givenUp: true }]);
  });

  test("say whom they gave up: what may have come under it, or did", async () => {
    const { writers, append } = open();
    const givenUp = () => writers.unrecorded().flatMap((one) => (one.givenUp ? [[one.writer, one.acknowledged]] : []));
    await append([{ kind: "retriable", code: "timeout" }]);
    await append([ok(["w2", 3])]);
    expect(givenUp()).toEqual([["w1", 0]]);
    await append([{ kind: "behind" }, ok(["w3", 1])]);
    expect(givenUp()).toEqual([
      ["w1", 0],
      ["w2", 3],
    ]);
    const recording = writers.unrecorded();
    await append([{ kind: "retriable", code: "timeout" }]);
    writers.recorded(recording);
    expect(givenUp()).toEqual([["w3", 1]]);
  });

  test("say so of one that another has replaced meanwhile only when its answer is there", async () => {
    const { writers, append } = open();
    let resolve: (answer: Appended) => void = () => undefined;
    const late = new Promise<Appended>((settle) => {
      resolve = settle;
    });
    const first = append([late]);
    await append([ok(["w2", 1])]);
    expect(writers.unrecorded().some(({ givenUp }) => givenUp)).toBe(false);
    resolve(ok(["w1", 4]));
    await first;
    expect(writers.unrecorded()).toContainEqual({ shard: 0, writer: "w1", acknowledged: 4, ended: [], givenUp: true });
  });

  test("answer for all writers of a shard when they answer for a duplicate", async () => {
    const { append, known } = open();
    await append([ok(["w1", 1], ["other", 7])]);
    expect(known()).toEqual([
      [0, "w1", 1],
      [0, "other", 7],
    ]);
  });

  test("record in time what was answered while it was being recorded", async () => {
    const { writers, append, known } = open();
    await append([ok(["w1", 1])]);
    const recording = writers.unrecorded();
    await append([ok(["w1", 2])]);
    writers.recorded(recording);
    expect(known()).toEqual([[0, "w1", 2]]);
    writers.recorded(writers.unrecorded());
    expect(known()).toEqual([]);
  });

  test("say for an hour what they were answered, and who still appends for ever: what is recorded may be forgotten", async () => {
    const { writers, append } = open();
    const told = () => writers.known().map(({ writer, acknowledged }) => [writer, acknowledged]);
    const tell = (times: number) => {
      for (let i = 0; i < times; i++) writers.recorded(writers.known());
    };
    await append([ok(["w1", 2])]);
    await append([{ kind: "retriable", code: "timeout" }]);
    await append([ok(["w2", 1], ["other", 3])]);
    expect(told()).toEqual([
      ["w1", 2],
      ["w2", 1],
      ["other", 3],
    ]);
    tell(3_599);
    expect(told()).toHaveLength(3);
    await append([ok(["w2", 2])]);
    tell(1);
    expect(told()).toEqual([["w2", 2]]);
    tell(9_000);
    expect(told()).toEqual([["w2", 2]]);
  });
});
