import { createAudit } from "@spillway/operators";
import { expect, test } from "vitest";
import { freshEach } from "../outbox/fresh-database.ts";

const fresh = freshEach();

test("a deed is there before its result, which is written once; the newest first, a page at a time", async () => {
  const { begin, end, page } = createAudit(fresh);
  const deed = { actor: "ann", address: "192.0.2.7", action: "letter.discard", subject: "letter 7", reason: "a test" };
  const id = await begin(deed);
  expect((await page(null)).entries).toEqual([{ ...deed, id, atMs: expect.any(Number), result: null }]);
  await end(id, "x".repeat(600));
  await end(id, "something else");
  expect((await page(null)).entries[0]?.result).toBe("x".repeat(500));
  for (let i = 0; i < 50; i++) await begin({ ...deed, reason: null });
  const first = await page(null);
  expect([first.entries.length, first.entries[0]?.id, first.older]).toEqual([50, "51", "2"]);
  expect((await page(first.older)).entries.map((entry) => entry.id)).toEqual(["1"]);
  expect((await page("'; drop table audit; --")).entries).toHaveLength(50);
});
