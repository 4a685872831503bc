import { expect, test } from "vitest";
import type { Source, Trouble } from "../verdict/trouble.ts";
import { createTroubleBook } from "./trouble-book.ts";

const trouble = (key: Trouble["key"], level: Trouble["level"], more: Partial<Trouble> = {}): Trouble => ({
  key,
  level,
  source: "relays",
  what: key,
  means: "",
  next: "",
  ...more,
});
const nobody: ReadonlySet<Source> = new Set();

test("a trouble is as old as its first sight, or older where its source knows, and is told as over", () => {
  const book = createTroubleBook();
  book.saw([trouble("edge a", "degraded"), trouble("edge b", "broken", { sinceMs: 50 })], nobody, 100);
  book.saw([trouble("edge a", "degraded"), trouble("edge b", "broken", { sinceMs: 70 })], nobody, 200);
  expect(book.standing()).toMatchObject([
    { key: "edge b", sinceMs: 50 },
    { key: "edge a", sinceMs: 100 },
  ]);
  book.saw([trouble("edge a", "degraded")], nobody, 300);
  expect(book.over()).toEqual([{ key: "edge b", what: "edge b", sinceMs: 50, untilMs: 300 }]);
  book.saw([trouble("edge a", "degraded"), trouble("edge b", "broken")], nobody, 400);
  expect(book.standing()[0]).toMatchObject({ key: "edge b", sinceMs: 400 });
  book.saw([], nobody, 400 + 3_600_000);
  expect(book.over().map(({ key }) => key)).toEqual(["edge a", "edge b"]);
});

test("nothing is over of which nobody says whether it is", () => {
  const book = createTroubleBook();
  book.saw([trouble("kafka", "broken"), trouble("letters", "todo", { source: "postgres" })], nobody, 100);
  book.saw([], new Set<Source>(["relays"]), 200);
  expect(book.standing()).toMatchObject([{ key: "kafka", sinceMs: 100, isOld: true }]);
  expect(book.over()).toMatchObject([{ key: "letters" }]);
  book.saw([trouble("kafka", "broken")], nobody, 300);
  expect(book.standing()).toMatchObject([{ key: "kafka", sinceMs: 100, isOld: false }]);
});

test("a trouble that stood before this process did is as old as it was, until it is over", () => {
  const book = createTroubleBook();
  book.saw([trouble("edge a", "degraded")], nobody, 100);
  book.recall(
    new Map([
      ["edge a", 20],
      ["edge b", 30],
    ]),
  );
  book.saw([trouble("edge a", "degraded")], nobody, 200);
  expect(book.standing()).toMatchObject([{ key: "edge a", sinceMs: 20 }]);
  book.saw([], nobody, 300);
  expect(book.over()).toMatchObject([{ key: "edge a", sinceMs: 20, untilMs: 300 }]);
  book.saw([trouble("edge a", "degraded"), trouble("edge b", "degraded")], nobody, 400);
  expect(book.standing()).toMatchObject([
    { key: "edge b", sinceMs: 30 },
    { key: "edge a", sinceMs: 400 },
  ]);
});
