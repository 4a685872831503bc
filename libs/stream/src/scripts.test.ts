import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { generatedScripts } from "../scripts.generate.ts";

test("scripts.ts holds what scripts/*.lua say (else: bun run generate)", () => {
  const file = fileURLToPath(new URL("./scripts.ts", import.meta.url));
  expect(readFileSync(file, "utf8")).toBe(generatedScripts());
});
