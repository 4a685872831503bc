import { randomInt } from "node:crypto";
import { createServer } from "node:net";

// Below the ephemeral range (32768 and up on Linux, 49152 on macOS). While a killed service is down its clients keep
// dialling its port: from inside that range the kernel may hand the same number to the dialling socket, which then
// connects to itself and keeps the service from ever binding again.
const PORT_MIN = 12_000;
const PORT_MAX = 32_000;
const ATTEMPTS_MAX = 200;

export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A loopback TCP port that nothing listens on now. Throws when 200 random ones were all taken. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const port = randomInt(PORT_MIN, PORT_MAX);
    if (await isPortFree(port)) return port;
  }
  throw new Error(`no free loopback port found between ${PORT_MIN} and ${PORT_MAX}`);
}

/** `preferred` when it is free, else the next free one of the following 50, else any. */
export async function portNear(preferred: number, taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let port = preferred; port < preferred + 50; port++) {
    if (!taken.has(port) && (await isPortFree(port))) return port;
  }
  return freePort();
}
