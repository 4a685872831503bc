import { expect, test } from "vitest";
import { rotating } from "./connection.ts";

test("rotating begins one further each turn and forgets none", () => {
  const next = rotating(["a:1", "b:1", "c:1"]);
  expect([0, 1, 2, 3].map(() => next().join())).toEqual(["a:1,b:1,c:1", "b:1,c:1,a:1", "c:1,a:1,b:1", "a:1,b:1,c:1"]);
});
