import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { eventually } from "@spillway/backends/eventually";
import { watchSources } from "@spillway/devstack/source-watch";
import { afterEach, beforeEach, expect, test } from "vitest";

/* What `turbo dev` does about a saved file, in a tree of its own: three apps, of which the relay alone uses libs/kafka. */
let root = "";
let seen: string[] = [];
let end: () => void = () => undefined;

const put = async (file: string, text: string): Promise<void> => {
  await mkdir(dirname(join(root, file)), { recursive: true });
  await writeFile(join(root, file), text);
};
const putPackage = async (folder: string, ...dependencies: readonly string[]): Promise<void> => {
  const description = { dependencies: Object.fromEntries(dependencies.map((name) => [name, "workspace:*"])) };
  await put(`${folder}/package.json`, JSON.stringify(description));
  await put(`${folder}/src/index.ts`, "export const one = 1;\n");
};
const hasSeen = (count: number) => eventually(`${count} of ${JSON.stringify(seen)}`, () => seen.length >= count);

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "spillway-sources-"));
  seen = [];
  await putPackage("apps/edge", "@spillway/event", "hono");
  await putPackage("apps/relay", "@spillway/kafka");
  await putPackage("apps/dashboard", "@spillway/drizzle");
  await putPackage("libs/kafka", "@spillway/event");
  await putPackage("libs/event");
  await putPackage("libs/devstack");
  await putPackage("drizzle");
  end = await watchSources(root, {
    onChange: (app, file) => void seen.push(`${app}: ${file}`),
    onFault: (fault) => void seen.push(fault),
  });
});
afterEach(async () => {
  end();
  await rm(root, { recursive: true, force: true });
});

test("a saved file starts the apps again that are made of it, and no other", async () => {
  await put("libs/event/src/index.ts", "export const one = 2;\n");
  await hasSeen(2);
  await put("libs/kafka/src/index.ts", "export const one = 2;\n");
  await hasSeen(3);
  await put("libs/devstack/src/index.ts", "export const one = 2;\n");
  await put("apps/edge/src/index.test.ts", "export const one = 2;\n");
  await put("drizzle/src/rows.sql", "select 1;\n");
  await hasSeen(4);
  expect(seen).toEqual([
    "edge: libs/event/src/index.ts",
    "relay: libs/event/src/index.ts",
    "relay: libs/kafka/src/index.ts",
    "dashboard: drizzle/src/rows.sql",
  ]);
});

test("a syntax error is told once and starts nothing again until it is mended", async () => {
  await put("libs/event/src/index.ts", "export const one = = 2;\n");
  await hasSeen(1);
  expect(seen).toEqual(["libs/event/src/index.ts:1:20: Unexpected =\n    export const one = = 2;"]);
  await put("apps/dashboard/src/index.ts", "export const one = 3;\n");
  await put("libs/event/src/index.ts", "export const one = = 2;\n");
  await put("libs/event/src/other.ts", "export const one = 4;\n");
  await put("libs/event/src/index.ts", "export const one = 2;\n");
  await hasSeen(4);
  expect(seen.slice(1)).toEqual([
    "edge: libs/event/src/index.ts",
    "relay: libs/event/src/index.ts",
    "dashboard: apps/dashboard/src/index.ts",
  ]);
});
