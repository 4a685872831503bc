import { spawn } from "node:child_process";
import { chmod, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

/* Where services come from, on a machine whose PATH holds only what a test puts there. */
const backends = fileURLToPath(new URL("../../libs/backends/src/index.ts", import.meta.url));
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spillway-provision-"));
  await symlink("/bin/sh", join(folder, "sh"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const put = async (name: string, script: string): Promise<void> => {
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, name), 0o755);
};

/** Starts a service in a process of its own and returns all that it said, or why it was refused. */
const start = async (expression: string, environment: Record<string, string> = {}): Promise<string> => {
  const code = `import * as backends from ${JSON.stringify(backends)};
    const say = (line) => console.log(line);
    try { const running = await backends.${expression}; console.log("up", running.url); await running.stop(); }
    catch (error) { console.log(error.name + ": " + error.message); }
    process.exit(0);`;
  const env = { PATH: folder, HOME: folder, XDG_CACHE_HOME: join(folder, "cache"), JAVA_HOME: "", ...environment };
  const child = spawn(process.execPath, ["--no-warnings", "-e", code], { env, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (piece: Buffer) => {
    output += piece.toString();
  });
  await new Promise((resolve) => child.once("close", resolve));
  return output;
};

test("without a Redis and without apt-get the refusal says what to type", async () => {
  const said = await start("startRedis({ say })");
  expect(said).toContain("NotProvided: Redis: no redis-server or valkey-server on the PATH");
  expect(said).toContain("brew install redis");
  expect(said).toMatch(/docker run .*\n.*export REDIS_URL=/);
});

test("a valkey-server does as well", async () => {
  const { PATH = "" } = process.env;
  const real = await new Promise<string>((resolve) => {
    const child = spawn("/bin/sh", ["-c", "command -v redis-server"], { env: { PATH } });
    child.stdout.once("data", (piece: Buffer) => resolve(piece.toString().trim()));
  });
  await symlink(real, join(folder, "valkey-server"));
  expect(await start("startRedis({ say })")).toMatch(/^up redis:/);
});

test("a Java that is too old is named in the refusal", async () => {
  await put("java", `echo 'openjdk version "11.0.2" 2019-01-15' >&2`);
  const said = await start("startKafka({ say })");
  expect(said).toContain(
    `NotProvided: Apache Kafka: no Java runtime of version 17 or newer; ${folder}/java is version 11`,
  );
});

test("a Maven that fails leaves no half-filled cache, and its words are shown", async () => {
  await put("java", `echo 'openjdk version "21"' >&2`);
  await put("mvn", "echo part > lib/part.jar; echo 'the mirror is away'; exit 1");
  const said = await start("startKafka({ say })");
  expect(said).toContain("Maven could not fetch the broker: the mirror is away");
  expect(await readdir(join(folder, "cache", "spillway"))).toEqual([]);
});

test("two fetches at once end with one whole folder", async () => {
  await put("java", `[ "$1" = -version ] && echo 'openjdk version "21"' >&2; exit 0`);
  const tools = "PATH=/usr/bin:/bin";
  await put("mvn", `${tools} sleep 0.5; echo jar > lib/kafka_2.13-4.3.1.jar; echo jar > lib/other.jar`);
  const broker = "startKafka({ say })";
  const said = await Promise.all([start(broker), start(broker)]);
  // The stand-in for Java formats nothing, so neither comes up; what counts is what they agree on before.
  for (const one of said) expect(one).toMatch(/rename .*\/log'/);
  expect(await readdir(join(folder, "cache", "spillway"))).toEqual(["kafka-4.3.1"]);
  expect((await readdir(join(folder, "cache", "spillway", "kafka-4.3.1"))).toSorted()).toEqual([
    "kafka_2.13-4.3.1.jar",
    "other.jar",
  ]);
});
