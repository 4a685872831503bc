import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { bunBinary } from "./bun-binary.ts";
import { freePort, portNear, reservePort } from "./port.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** Whether this test has it now: anything on the machine may have had it before. */
const occupies = async (port: number): Promise<boolean> => {
  const server = createServer();
  const listens = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => resolve(true));
  });
  if (listens) servers.push(server);
  return listens;
};

/** What `take` makes of the first port that it can have; no number is free because its neighbour was. */
const firstOf = async <T>(take: (port: number) => Promise<T | undefined>): Promise<{ port: number; taken: T }> => {
  for (let tries = 0; tries < 50; tries++) {
    const port = (await freePort()) + 100;
    const taken = await take(port);
    if (taken !== undefined) return { port, taken };
  }
  throw new Error("no port could be had");
};

test("a free port lies below the range that the kernel dials from", async () => {
  for (let i = 0; i < 20; i++) expect(await freePort()).toBeLessThan(32_768);
});

test("a taken port is moved away from, and so is one that is promised to another", async () => {
  const { port } = await firstOf(async (each) => (await occupies(each)) || undefined);
  expect(await reservePort(port)).toBe(false);
  const next = await portNear(port);
  expect(next).toBeGreaterThan(port);
  expect(await portNear(port, new Set([next + 1]))).not.toBe(next + 1);
});

test("a port is given away once, however many ask at once, here or in another process", async () => {
  const { port, taken } = await firstOf(async (each) => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => reservePort(each)));
    return answers.includes(true) ? answers : undefined;
  });
  expect(taken.filter(Boolean)).toHaveLength(1);
  const code = `const { reservePort } = await import(${JSON.stringify(join(import.meta.dirname, "port.ts"))});
    console.log(await reservePort(${port}));`;
  const child = spawn(bunBinary(), ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = await once(child.stdout, "data");
  expect(String(said).trim()).toBe("false");
});
