import { expect, test } from "vitest";
import { crashOf } from "./crash.ts";

test("a bug is named with its code and its places", () => {
  const crash = crashOf(Object.assign(new RangeError("text"), { code: "ECODE" }));
  expect(crash).toMatchObject({ error: "RangeError", code: "ECODE" });
  expect(crash.at).toMatch(/^at .*crash\.test\.ts/);
});

test.each([
  new Error("hunter2"),
  new Error("a\n    at hunter2 (x.ts:1:1)\n    at hunter2"),
  Object.assign(new Error("x"), { name: "hunter2 with spaces", code: "hunter2 with spaces" }),
  new Error("", { cause: "hunter2" }),
  "hunter2",
  { message: "hunter2" },
  undefined,
])("nothing of what it holds is told: %o", (thrown) => {
  expect(JSON.stringify(crashOf(thrown))).not.toContain("hunter2");
});
