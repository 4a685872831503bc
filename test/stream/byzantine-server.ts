import { createServer, type Socket } from "node:net";

/** What the server answers to one request: raw bytes, or nothing at all. `body` is the request's. */
export type RawAnswer = (body: string) => string | Uint8Array | null;

export type ByzantineServer = {
  readonly url: string;
  /** Bodies of all requests so far. */
  readonly bodies: readonly string[];
  set(answer: RawAnswer): void;
  /** Sends the beginning of an answer on every connection that waits for one, and no more. */
  begin(bytes: string): void;
  /** Answers every connection that waits. */
  release(answer: string): void;
  close(): Promise<void>;
};

/** A whole HTTP/1.1 answer with a right Content-Length. */
export const http = (
  status: string,
  body: string,
  headers: readonly string[] = ["content-type: application/json"],
): string =>
  [`HTTP/1.1 ${status}`, ...headers, `content-length: ${Buffer.byteLength(body)}`, "connection: close", "", body].join(
    "\r\n",
  );

const bodyLength = (head: string): number => Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);

/**
 * A REST server that lies, for what no real one does on demand. Everything that a working server does is tested with
 * a working server.
 */
export const startByzantineServer = async (): Promise<ByzantineServer> => {
  let answer: RawAnswer = () => null;
  const bodies: string[] = [];
  const sockets = new Set<Socket>();
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => sockets.delete(socket));
    let received = "";
    socket.on("data", (data) => {
      received += data.toString("latin1");
      const headEnd = received.indexOf("\r\n\r\n");
      if (headEnd < 0 || received.length < headEnd + 4 + bodyLength(received.slice(0, headEnd))) return;
      const body = received.slice(headEnd + 4);
      received = "";
      bodies.push(body);
      const bytes = answer(body);
      if (bytes === null) waiting.add(socket);
      else socket.end(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    bodies,
    set: (next) => {
      answer = next;
    },
    begin: (bytes) => {
      for (const socket of waiting) socket.write(bytes);
    },
    release: (bytes) => {
      for (const socket of waiting) socket.end(bytes);
      waiting.clear();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
