import { createDeadLetterInspector, createDeadLetters, createDiscard } from "@spillway/dead-letters";
import { beforeEach, describe, expect, test } from "vitest";
import { letterOf } from "../conformance/dead-letters.ts";
import { freshEach } from "../outbox/fresh-database.ts";

const BY = { by: "operator" };

const fresh = freshEach();

beforeEach(async () => {
  await createDeadLetters(fresh).put([letterOf(), letterOf(), letterOf()]);
});

const statusOf = async (id: string) => (await createDeadLetterInspector(fresh).get(id))?.status;

describe("discard", () => {
  test("sets a letter aside with its reason, deletes nothing, and can be taken back", async () => {
    const { discard, restore } = createDiscard(fresh);
    expect(await discard(["1", "2"], { by: "ann", reason: "  a test  " })).toEqual({
      discarded: ["1", "2"],
      refused: [],
    });
    const letter = await createDeadLetterInspector(fresh).get("1");
    expect(letter).toMatchObject({ status: "discarded", discardReason: "a test", discardedAtMs: expect.any(Number) });
    expect(letter?.bytes.length).toBeGreaterThan(0);
    expect(await restore(["1"], { by: "bob" })).toEqual({ restored: ["1"], refused: [] });
    const restored = await createDeadLetterInspector(fresh).get("1");
    expect(restored).toMatchObject({ status: "waiting", discardReason: null, discardedAtMs: null });
    expect(restored?.actions).toMatchObject([
      { action: "discard", actor: "ann", reason: "a test" },
      { action: "restore", actor: "bob", reason: null },
    ]);
    expect(await statusOf("2")).toBe("discarded");
    expect(await statusOf("3")).toBe("waiting");
  });

  test("asks for a reason, and for at most 500 letters", async () => {
    const { discard, restore } = createDiscard(fresh);
    for (const reason of ["", "   ", "x".repeat(501), "a\u0000b", "a\nb"])
      await expect(discard(["1"], { ...BY, reason })).rejects.toThrow(RangeError);
    for (const change of [discard(Array(501).fill("1"), { ...BY, reason: "r" }), restore(Array(501).fill("1"), BY)])
      await expect(change).rejects.toThrow(RangeError);
    expect(await statusOf("1")).toBe("waiting");
  });

  test("happens once when it is asked for many times at once", async () => {
    const { discard } = createDiscard(fresh);
    const asked = Array.from({ length: 10 }, (_, i) =>
      discard(i % 2 ? ["1", "2"] : ["2", "1"], { ...BY, reason: "r" }),
    );
    const answers = await Promise.all(asked);
    expect(answers.flatMap(({ discarded }) => discarded).sort()).toEqual(["1", "2"]);
    expect((await createDeadLetterInspector(fresh).get("1"))?.actions).toHaveLength(1);
  });

  test("tells why it left a letter alone", async () => {
    const { discard, restore } = createDiscard(fresh);
    await fresh.admin`update dead_letters set replayed_at = now() where id = 1`;
    await discard(["2"], { ...BY, reason: "r" });
    const { discarded, refused } = await discard(["1", "2", "3", "77", "x"], { ...BY, reason: "r" });
    expect(discarded).toEqual(["3"]);
    expect(refused.map(({ id, code }) => [id, code])).toEqual([
      ["1", "replayed"],
      ["2", "discarded"],
      ["77", "not_found"],
      ["x", "not_found"],
    ]);
    await fresh.admin`update dead_letters set discarded_at = null where id = 3`;
    expect((await restore(["1", "3"], BY)).refused.map(({ code }) => code)).toEqual(["replayed", "waiting"]);
  });
});
