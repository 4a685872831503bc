import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { eventually } from "@spillway/backends/eventually";
import { build, Transpiler } from "bun";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KEY, type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { expectArrivals, type Taken } from "./arrivals.ts";
import { example, installClient, run, tsc } from "./installed.ts";

/* The client as somebody else has it: packed, and installed in a folder that knows nothing of this repository. */
let installed: ReturnType<typeof installClient>;
let services: Services;
let pipeline: Pipeline;
beforeAll(async () => {
  installed = installClient();
  services = await startServices();
  pipeline = await startPipeline(services, { edgeEnv: { SCHEMA_KEYS: "test" } });
});
afterAll(async () => {
  await pipeline?.stop();
  await services?.stop();
  installed?.remove();
});

const RUNTIMES = [
  ["Bun", process.execPath],
  ["Node", "node"],
] as const;
/** Nothing is wrong with these lines but what they expect. */
const checkTypes = (file: string, lines: readonly string[]): void => {
  writeFileSync(inFolder(file), lines.join("\n"));
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "es2022",
    module: "nodenext",
    lib: ["es2022", "dom"],
    types: [],
  };
  writeFileSync(inFolder("tsconfig.json"), JSON.stringify({ compilerOptions, files: [file] }));
  expect(run(installed.folder, tsc, "-p", ".")).toBe("");
};

const inFolder = (name: string) => join(installed.folder, name);

test("the package depends on nothing, and holds what its exports name", () => {
  const manifest = JSON.parse(readFileSync(inFolder("node_modules/@spillway/client/package.json"), "utf8"));
  expect(manifest.dependencies).toBeUndefined();
  expect(manifest.private).toBeUndefined();
  expect(readdirSync(inFolder("node_modules/@spillway"))).toEqual(["client"]);
  const named = (Object.values(manifest.exports) as Record<string, string>[]).flatMap((entry) => Object.values(entry));
  expect(named).toHaveLength(8);
  expect(installed.packed).toEqual(expect.arrayContaining(named.map((file) => file.replace("./", ""))));
});

test("a browser loads 6 KB of it at most, with its store", async () => {
  const entry = inFolder("page.js");
  const names = ["createClient", "createIndexedDbStore"];
  writeFileSync(
    entry,
    `import { createClient } from "@spillway/client";
import { createIndexedDbStore } from "@spillway/client/indexed-db-store";
globalThis.spillway = { ${names.join(", ")} };`,
  );
  const { outputs } = await build({ entrypoints: [entry], target: "browser", minify: true });
  const script = await outputs[0]?.text();
  expect(script).toContain("CompressionStream");
  expect(script).toContain("createObjectStore");
  expect(script).not.toMatch(/\b(require|process|Buffer)\b/);
  expect(gzipSync(script ?? "", { level: 9 }).byteLength).toBeLessThanOrEqual(6 * 1024);
});

test("its types know the events: what fits is taken, what does not is told", () => {
  const lines = [
    'import { ClientError, createClient, type Outcome } from "@spillway/client";',
    'import { createFileStore } from "@spillway/client/file-store";',
    'type Events = { "order.created": { total: number }; "order.paid": undefined };',
    'const client = createClient<Events>({ url: "http://edge", store: createFileStore("events") });',
    'const { outcome } = await client.send({ type: "order.created", data: { total: 1 }, extensions: { region: "eu" } });',
    "const known: Outcome = await outcome;",
    'if (known.kind === "refused") throw new ClientError("closed", known.pointer);',
    'await client.send({ type: "order.paid" });',
    'await createClient({ url: "" }).send({ type: "whatever", data: [1] });',
    "// @ts-expect-error no such type",
    'await client.send({ type: "order.lost" });',
    "// @ts-expect-error data of another type",
    'await client.send({ type: "order.created", data: { total: "1" } });',
    "// @ts-expect-error data is missing",
    'await client.send({ type: "order.created" });',
    "export {};",
  ];
  checkTypes("typed.ts", lines);
});

test("types that are written from the edge's schemas hold events to them", async () => {
  const url = pipeline.edges[0]?.url ?? "";
  const total = {
    type: "object",
    properties: { total: { type: "number" }, by: { enum: ["card", "cash"] } },
    required: ["total"],
  };
  for (const [type, schema] of Object.entries({ "order.created": total, "a/b": { items: { $ref: "#" } } })) {
    const registered = await pipeline.post(JSON.stringify({ type, schema, mode: "warn" }), undefined, "/v1/schemas");
    expect(registered.status).toBe(201);
  }
  const program = inFolder("node_modules/.bin/spillway-types");
  const env = { PATH: process.env.PATH, EDGE_URL: url, API_KEY: KEY };
  const written = spawnSync("node", [program, "events.ts"], { cwd: installed.folder, env, encoding: "utf8" });
  expect([written.status, written.stdout, written.stderr]).toEqual([0, "events.ts: 2 types\n", ""]);
  const refused = spawnSync("node", [program, "events.ts"], {
    cwd: installed.folder,
    env: { ...env, API_KEY: "wrong" },
    encoding: "utf8",
  });
  expect([refused.status, refused.stderr]).toEqual([1, expect.stringMatching(/^GET \/subjects: 401 /)]);
  checkTypes("generated.ts", [
    'import { createClient } from "@spillway/client";',
    'import type { Events } from "./events.js";',
    'const client = createClient<Events>({ url: "http://edge" });',
    'await client.send({ type: "order.created", data: { total: 1, by: "card" } });',
    'await client.send({ type: "a/b", data: [[], [[]]] });',
    "// @ts-expect-error no such type",
    'await client.send({ type: "order.lost", data: {} });',
    "// @ts-expect-error a member is missing",
    'await client.send({ type: "order.created", data: { by: "card" } });',
    "// @ts-expect-error none of the values",
    'await client.send({ type: "order.created", data: { total: 1, by: "cheque" } });',
    "// @ts-expect-error no such member",
    'await client.send({ type: "order.created", data: { total: 1, sum: 2 } });',
    "// @ts-expect-error not a list of lists",
    'await client.send({ type: "a/b", data: [1] });',
  ]);
});

test.each(RUNTIMES)("the README's example, ten lines at most, runs under %s", async (runtime, program) => {
  const code = example();
  expect(code.trim().split("\n").length).toBeLessThanOrEqual(10);
  const file = inFolder(`example-${runtime}.mjs`);
  writeFileSync(file, new Transpiler({ loader: "ts" }).transformSync(code));
  const child = spawn(program, [file], {
    cwd: installed.folder,
    env: { PATH: process.env.PATH, EDGE_URL: pipeline.edges[0]?.url, API_KEY: KEY },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const output = outputOf(child);
  expect(await once(child, "exit")).toEqual([0, null]);
  const [, id] = /^([0-9a-f-]{36}) \{\s*kind: ["']stored["'],?\s*\}\n$/.exec(output()) ?? [];
  expect(id).toBeDefined();
  const records = () =>
    pipeline.read().then((all) => all.map(({ value }) => JSON.parse(value.toString()) as { id: string; type: string }));
  const mine = await eventually("both in the topic", async () => {
    const all = await records();
    const paid = all.findIndex((event) => event.id === id);
    return paid > 0 ? [all[paid - 1], all[paid]] : undefined;
  });
  expect(mine.map((event) => event?.type)).toEqual(["order.created", "order.paid"]);
});

const outputOf = (child: ChildProcess): (() => string) => {
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  return () => output;
};

/** Whole lines: a process that was killed may have begun another one. */
const linesOf = (output: string): unknown[] =>
  output
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));

describe("a process with a file, killed −9", () => {
  test.each(RUNTIMES)("twice under %s: what it was told is taken is in Kafka, in order", async (runtime, program) => {
    const own = await startPipeline(services);
    try {
      const [edge] = own.edges;
      const start = (from: number, count: number) => {
        const args = [inFolder("worker.mjs"), edge?.url ?? "", KEY, inFolder(`events-${runtime}`), from, count];
        const stdio = ["ignore", "pipe", "inherit"] as const;
        const child = spawn(program, args.map(String), { cwd: installed.folder, stdio: [...stdio] });
        return { child, output: outputOf(child) };
      };
      const taken: Taken[] = [];
      const killAfter = async (lives: ReturnType<typeof start>, count: number) => {
        await eventually("events are taken", () => linesOf(lives.output()).length >= count);
        lives.child.kill("SIGKILL");
        await once(lives.child, "close");
        taken.push(...(linesOf(lives.output()) as Taken[]));
      };
      // With an edge, some of them are sent; without one, none.
      await killAfter(start(0, 5_000), 300);
      await edge?.kill("SIGKILL");
      await killAfter(start(10_000, 5_000), 300);
      await edge?.restart();
      const last = start(20_000, 10);
      await once(last.child, "close");
      const lines = linesOf(last.output());
      expect(lines.pop()).toEqual({ unsent: 0 });
      taken.push(...(lines as Taken[]));
      await expectArrivals(own, taken, 2);
    } finally {
      await own.stop();
    }
  });
});
