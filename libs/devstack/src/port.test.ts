import { createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { freePort, isPortFree, portNear } from "./port.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function occupy(port: number): Promise<void> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
}

test("a free port lies below the range that the kernel dials from", async () => {
  for (let i = 0; i < 20; i++) expect(await freePort()).toBeLessThan(32_768);
});

test("a taken port is moved away from, and so is one that is promised to another", async () => {
  const port = await freePort();
  expect(await portNear(port)).toBe(port);
  await occupy(port);
  expect(await isPortFree(port)).toBe(false);
  const next = await portNear(port);
  expect(next).toBeGreaterThan(port);
  expect(await portNear(port, new Set([next]))).not.toBe(next);
});
