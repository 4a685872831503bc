import { randomInt } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { createServer } from "node:net";

// Below the ephemeral range (32768 and up on Linux, 49152 on macOS). While a killed service is down its clients keep
// dialling its port: from inside that range the kernel may hand the same number to the dialling socket, which then
// connects to itself and keeps the service from ever binding again.
const PORT_MIN = 12_000;
const PORT_MAX = 32_000;
const ATTEMPTS_MAX = 200;

const isListenable = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });

// What nothing refers to is garbage, and closing a socket is part of collecting it.
const marks = new Set<Socket>();

/**
 * Between the choice of a port and its service's listening pass seconds, in which another stack would choose it too,
 * and take the other's service for its own (seen: a Postgres that "was ready" because a stranger's answered). The UDP
 * socket of the same number marks it for every process of the machine, until this one ends.
 */
const mark = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: "127.0.0.1", exclusive: true }, () => {
      socket.unref();
      marks.add(socket);
      resolve(true);
    });
  });

/** Takes a loopback port that nothing listens on for as long as this process lives; false when it is not to be had. */
export const reservePort = async (port: number): Promise<boolean> => (await isListenable(port)) && (await mark(port));

/** A loopback TCP port that is this process's alone. Throws when 200 random ones were all taken. */
export const freePort = async (): Promise<number> => {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const port = randomInt(PORT_MIN, PORT_MAX);
    if (await reservePort(port)) return port;
  }
  throw new Error(`no free loopback port found between ${PORT_MIN} and ${PORT_MAX}`);
};

/** `preferred` when it is free, else the next free one of the following 50, else any; but none of `taken`. */
export const portNear = async (preferred: number, taken: ReadonlySet<number> = new Set()): Promise<number> => {
  for (let port = preferred; port < preferred + 50; port++) {
    if (!taken.has(port) && (await reservePort(port))) return port;
  }
  return freePort();
};
