import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer, type Server, type Socket } from "node:net";
import { late } from "@spillway/event";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { openConnection } from "./kafkajs-connection.ts";
import { prepareKafkajs } from "./kafkajs-internals.ts";
import { settingsOf } from "./options.ts";

/*
 * What is relied on of kafkajs's Broker, ConnectionPool and Connection, against a peer that is written here: bytes in, bytes out.
 */
type Encoder = { readonly buffer: Buffer; writeInt16(n: number): Encoder; writeInt32(n: number): Encoder } & {
  writeInt64(n: number): Encoder;
  writeString(text: string | null): Encoder;
};
const require = createRequire(import.meta.url);
const KafkajsEncoder: new () => Encoder = require("kafkajs/src/protocol/encoder");

const [PRODUCE, METADATA, API_VERSIONS] = [0, 3, 18];

type Request = { readonly apiKey: number; readonly version: number; readonly body: Buffer };

const versions = (produceMax: number): Buffer => {
  const written = new KafkajsEncoder().writeInt16(0).writeInt32(3);
  for (const [key, max] of [
    [PRODUCE, produceMax],
    [METADATA, 1],
    [API_VERSIONS, 2],
  ] as const)
    written.writeInt16(key).writeInt16(0).writeInt16(max);
  return written.writeInt32(0).buffer;
};

const confirmed = new KafkajsEncoder()
  .writeInt32(1)
  .writeString("orders")
  .writeInt32(1)
  .writeInt32(3)
  .writeInt16(0)
  .writeInt64(17)
  .writeInt64(-1)
  .writeInt64(0)
  .writeInt32(0).buffer;

/** Answers each request with what `answer` makes of it; null: not at all. */
const startPeer = async (answer: (request: Request) => Buffer | null) => {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    let bytes = Buffer.alloc(0);
    socket.on("data", (more: Buffer) => {
      bytes = Buffer.concat([bytes, more]);
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) {
        const request = bytes.subarray(4, 4 + bytes.readInt32BE(0));
        bytes = bytes.subarray(4 + request.length);
        const [apiKey, version] = [request.readInt16BE(0), request.readInt16BE(2)];
        const reply = answer({ apiKey, version, body: request.subarray(10 + request.readInt16BE(8)) });
        if (reply === null) continue;
        const header = Buffer.alloc(8);
        header.writeInt32BE(4 + reply.length, 0);
        request.copy(header, 4, 4, 8);
        socket.write(Buffer.concat([header, reply]));
      }
    });
    socket.on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return { at: { host: "127.0.0.1", port }, sockets, stop: () => server.close() };
};

describe("a connection to a broker", () => {
  const peers: { stop(): void }[] = [];
  beforeAll(() => prepareKafkajs());
  afterEach(() => {
    for (const peer of peers.splice(0)) peer.stop();
  });

  const settings = settingsOf({
    connection: { brokers: ["unused:1"], clientId: "test" },
    deadlines: { connectMs: 300 },
  });
  const open = async (answer: (request: Request) => Buffer | null) => {
    const peer = await startPeer(answer);
    peers.push(peer);
    return { peer, connection: await openConnection(settings, peer.at) };
  };
  const batches = [{ topic: "orders", partition: 3, batch: Buffer.from("bytes") }];

  test.each([
    [7, 7],
    [8, 8],
    [13, 8],
  ])("produces with the best version that both know: of %i it takes %i", async (offered, taken) => {
    const seen: Request[] = [];
    const { connection } = await open((request) => {
      seen.push(request);
      return request.apiKey === API_VERSIONS ? versions(offered) : null;
    });
    const produced = connection.produce(batches);
    produced.catch(() => undefined);
    await expect.poll(() => seen.at(-1)).toMatchObject({ apiKey: PRODUCE, version: taken });
    expect(seen.at(-1)?.body.includes("bytes")).toBe(true);
    connection.close();
    await expect(produced).rejects.toMatchObject({ name: "KafkaJSConnectionError" });
    expect(connection.isOpen).toBe(false);
  });

  test("gives back what the broker says of each partition, an error included", async () => {
    const { connection } = await open(({ apiKey }) => (apiKey === API_VERSIONS ? versions(7) : confirmed));
    expect(await connection.produce(batches)).toEqual({
      partitions: [{ topic: "orders", partition: 3, errorCode: 0, baseOffset: 17n, refused: [] }],
      throttleMs: 0,
    });
    connection.close();
  });

  test("names the leaders that there are when a partition has none", async () => {
    const metadata = new KafkajsEncoder().writeInt32(1).writeInt32(2).writeString("host-2").writeInt32(9092);
    metadata.writeString(null).writeInt32(2).writeInt32(1).writeInt16(0).writeString("orders");
    const written = Buffer.concat([metadata.buffer, Buffer.from([0]), new KafkajsEncoder().writeInt32(2).buffer]);
    const partition = (id: number, code: number, leader: number) =>
      new KafkajsEncoder().writeInt16(code).writeInt32(id).writeInt32(leader).writeInt32(0).writeInt32(0).buffer;
    const { connection } = await open(({ apiKey }) =>
      apiKey === API_VERSIONS ? versions(7) : Buffer.concat([written, partition(0, 0, 2), partition(1, 5, -1)]),
    );
    expect(await connection.leaders("orders")).toEqual([
      { partition: 0, leader: { host: "host-2", port: 9092 } },
      { partition: 1, leader: { code: 5 } },
    ]);
    connection.close();
  });

  test("rejects what is under way when the broker hangs up, and is not open any more", async () => {
    const { peer, connection } = await open(({ apiKey }) => (apiKey === API_VERSIONS ? versions(7) : null));
    const produced = connection.produce(batches);
    peer.sockets[0]?.end();
    await expect(produced).rejects.toMatchObject({ name: "KafkaJSConnectionClosedError" });
    await expect.poll(() => connection.isOpen).toBe(false);
    await expect(connection.produce(batches)).rejects.toMatchObject({ name: "KafkaJSConnectionError" });
  });

  test("rejects what is under way when it is closed, also where kafkajs says nothing of it", async () => {
    const { connection } = await open(({ apiKey }) => (apiKey === API_VERSIONS ? versions(7) : null));
    const { prototype } = require("kafkajs/src/network/requestQueue") as { prototype: { rejectAll(): void } };
    const rejectAll = prototype.rejectAll;
    prototype.rejectAll = () => undefined;
    const produced = connection.produce(batches);
    connection.close();
    await expect(produced).rejects.toMatchObject({ name: "KafkaJSConnectionError" });
    prototype.rejectAll = rejectAll;
  });

  test("is late at a door that opens and says nothing, and leaves no socket there", async () => {
    const peer = await startPeer(() => null);
    peers.push(peer);
    await expect(openConnection(settings, peer.at)).rejects.toBe(late);
    await expect
      .poll(() => peer.sockets.every(({ destroyed, readableEnded }) => destroyed || readableEnded))
      .toBe(true);
  });

  test("is refused by a broker that is too old for it before anything is sent", async () => {
    const seen: number[] = [];
    const { connection } = await open(({ apiKey }) => {
      seen.push(apiKey);
      return versions(6);
    });
    await expect(connection.produce(batches)).rejects.toMatchObject({ name: "KafkaJSServerDoesNotSupportApiKey" });
    expect(seen).toEqual([API_VERSIONS]);
    connection.close();
  });
});
