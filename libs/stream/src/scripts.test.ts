import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DIGEST96_LENGTH } from "@spillway/event";
import { expect, test } from "vitest";
import { generatedScripts } from "../scripts.generate.ts";
import { appendScript } from "./scripts.ts";

test("scripts.ts holds what scripts/*.lua say (else: bun run generate)", () => {
  const file = fileURLToPath(new URL("./scripts.ts", import.meta.url));
  expect(readFileSync(file, "utf8")).toBe(generatedScripts());
});

test("append.lua cuts dedup keys as long as `digest96` makes them", () => {
  expect(appendScript.source).toContain(`local KEY_LENGTH = ${DIGEST96_LENGTH} `);
});
