import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Glob } from "bun";
import { describe, expect, test } from "vitest";

/* The rules of the house that no linter knows. Each names the files that break it. */
const root = fileURLToPath(new URL("..", import.meta.url));
const sources = [...new Glob("{apps,libs,drizzle,test}/**/*.{ts,tsx}").scanSync({ cwd: root })].filter(
  (file) => !file.includes("node_modules/"),
);
const linesOf = (file: string) => readFileSync(`${root}${file}`, "utf8").split("\n");
const filesWith = (pattern: RegExp, files: readonly string[]) =>
  files.filter((file) => linesOf(file).some((line) => pattern.test(line)));
const isTest = (file: string) => file.startsWith("test/") || /\.test\.tsx?$/.test(file);
const production = sources.filter((file) => !isTest(file));
const apps = production.filter((file) => file.startsWith("apps/"));

describe("the house", () => {
  test("no file is longer than 400 lines", () => {
    expect(sources.filter((file) => linesOf(file).length > 400)).toEqual([]);
  });

  test("no file or folder is named for leftovers", () => {
    const leftovers = /^(utils?|common|helpers?|misc|shared|types)$/;
    const bad = sources.filter((file) =>
      [...dirname(file).split("/"), basename(file).replace(/\..*$/, "")].some((part) => leftovers.test(part)),
    );
    expect(bad).toEqual([]);
  });

  test("only config.ts and composition roots touch the environment", () => {
    const readers = production.filter((file) => !/\/(config|main\.[a-z-]+|main)\.ts$/.test(file));
    expect(filesWith(/process\.env|Deno\.env/, readers).filter((file) => !file.startsWith("libs/devstack/"))).toEqual(
      [],
    );
  });

  test("only an app's main names concrete adapters", () => {
    const policy = apps.filter((file) => !/\/main\.[a-z-]+\.ts$/.test(file));
    const adapters = /from "@spillway\/(stream|outbox|dead-letters|kafka|postgres)(\/tier)?"/;
    expect(filesWith(adapters, policy).filter((file) => !file.startsWith("apps/dashboard/"))).toEqual([]);
  });

  test("what apps have around their work is in libs/service once", () => {
    const shell = /Bun\.serve\(|process\.(on|once|exit|stdout|stderr)\b|timingSafeEqual|class ConfigError/;
    const others = production.filter((file) => !/^libs\/(service|devstack)\//.test(file));
    expect(filesWith(shell, others)).toEqual(["libs/redis-rest/src/main.ts"]);
  });

  test("the edge and the relay take time and chance from their ports", () => {
    const policy = apps.filter((file) => /^apps\/(edge|relay)\//.test(file) && !/\/main\.[a-z-]+\.ts$/.test(file));
    expect(filesWith(/Date\.now\(|performance\.now\(|setTimeout\(|setInterval\(|Math\.random\(/, policy)).toEqual([]);
  });

  test("no catch is empty, no test is skipped or alone, nothing is left to do", () => {
    const files = sources.filter((file) => file !== "test/tidy.test.ts");
    expect(filesWith(/catch\s*(\([^)]*\))?\s*\{\s*\}/, files)).toEqual([]);
    expect(filesWith(/\b(test|it|describe)\.(skip|only|todo)\b/, files)).toEqual([]);
    expect(filesWith(/\b(TODO|FIXME|XXX)\b/, files)).toEqual([]);
  });

  // Bun reads the jsx options of the folder that it is started in, not those of the file's own project.
  test("every tsx says by itself what its JSX becomes", () => {
    const pages = sources.filter((file) => file.endsWith(".tsx"));
    const pragma = "/** @jsxRuntime automatic @jsxImportSource hono/jsx */";
    expect(pages.filter((file) => linesOf(file)[0] !== pragma)).toEqual([]);
  });

  test("nothing binds to every interface", () => {
    const files = sources.filter((file) => file !== "test/tidy.test.ts");
    expect(filesWith(/["'`](0\.0\.0\.0|::)["'`]/, files)).toEqual([]);
  });

  test("the lock file names no registry", () => {
    expect(readFileSync(`${root}bun.lock`, "utf8")).not.toMatch(/https?:\/\//);
  });
});
