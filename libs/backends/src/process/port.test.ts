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

const occupy = async (port: number): Promise<void> => {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
};

test("a free port lies below the range that the kernel dials from", async () => {
  for (let i = 0; i < 20; i++) expect(await freePort()).toBeLessThan(32_768);
});

test("a taken port is moved away from, and so is one that is promised to another", async () => {
  const port = (await freePort()) + 100;
  await occupy(port);
  expect(await reservePort(port)).toBe(false);
  const next = await portNear(port);
  expect(next).toBeGreaterThan(port);
  expect(await portNear(port, new Set([next + 1]))).not.toBe(next + 1);
});

test("a port is given away once, however many ask at once, here or in another process", async () => {
  const port = (await freePort()) + 200;
  const answers = await Promise.all(Array.from({ length: 10 }, () => reservePort(port)));
  expect(answers.filter(Boolean)).toHaveLength(1);
  const code = `const { reservePort } = await import(${JSON.stringify(join(import.meta.dirname, "port.ts"))});
    console.log(await reservePort(${port}));`;
  const child = spawn(bunBinary(), ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = await once(child.stdout, "data");
  expect(String(said).trim()).toBe("false");
});
