import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A pooler as far as a client meets it when a connection starts: it refuses every setting that it does not know. */
export type Pooler = {
  readonly port: number;
  /** The names of the statements that clients prepared; "" is a statement without a name. */
  readonly prepared: readonly string[];
  /** The names of the settings that it refused. */
  readonly refused: readonly string[];
  stop(): Promise<void>;
};

const KNOWN = new Set(["user", "database", "client_encoding", "application_name"]);

const settingsOf = (startup: Buffer): string[] => {
  const words = startup.subarray(8).toString().split("\0");
  return words.filter((word, at) => at % 2 === 0 && word !== "");
};

/** PgBouncer's own answer, as 1.18 gives it. */
const refusal = (name: string): Buffer => {
  const fields = Buffer.from(`SFATAL\0C08P01\0Munsupported startup parameter: ${name}\0\0`);
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeUInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
};

/** Takes whole messages off what a client sent: first one without a type, then those with one. */
const createReader = (onStartup: (message: Buffer) => void, onMessage: (message: Buffer) => void) => {
  let started = false;
  let rest: Buffer = Buffer.alloc(0);
  return (bytes: Buffer): void => {
    rest = Buffer.concat([rest, bytes]);
    for (;;) {
      const at = started ? 1 : 0;
      if (rest.length < at + 4) return;
      const length = at + rest.readUInt32BE(at);
      if (rest.length < length) return;
      const message = rest.subarray(0, length);
      rest = rest.subarray(length);
      if (started) onMessage(message);
      else onStartup(message);
      started = true;
    }
  };
};

export const startPooler = async (serverPort: number): Promise<Pooler> => {
  const prepared: string[] = [];
  const refused: string[] = [];
  const sockets = new Set<Socket>();
  const pool = createServer((client) => {
    const server = connect(serverPort, "127.0.0.1");
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
    }
    const started = (message: Buffer): void => {
      const unknown = settingsOf(message).find((name) => !KNOWN.has(name));
      if (unknown === undefined) return void server.write(message);
      refused.push(unknown);
      client.end(refusal(unknown));
    };
    const asked = (message: Buffer): void => {
      if (message[0] === "P".charCodeAt(0)) prepared.push(message.subarray(5, message.indexOf(0, 5)).toString());
      server.write(message);
    };
    client.on("data", createReader(started, asked)).on("end", () => server.end());
    server.pipe(client);
  });
  await new Promise<void>((resolve) => pool.listen(0, "127.0.0.1", resolve));
  return {
    port: (pool.address() as AddressInfo).port,
    prepared,
    refused,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => pool.close(resolve));
    },
  };
};
