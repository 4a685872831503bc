import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { eventually } from "@spillway/backends/eventually";
import { connectRedis, createStreamTier } from "@spillway/stream";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { chunkOf, freshNames } from "../conformance/chunks.ts";
import {
  belongingTo,
  freshNamespace,
  limitsOf,
  recordInstallation,
  type StreamServices,
  startStreamServices,
} from "./services.ts";

const DEADLINE_MS = 30_000;

let services: StreamServices;
beforeAll(async () => {
  services = await startStreamServices();
});
afterAll(() => services.stop());

const NAME = "edge-over-tcp";

/** The tier over TCP on a namespace that a relay has been at. */
const open = async (url = services.redis.url) => {
  const namespace = freshNamespace();
  const relay = connectRedis({ url: services.redis.url });
  await recordInstallation(relay, namespace);
  relay.close();
  const server = connectRedis({ url, connectionName: NAME });
  onTestFinished(() => server.close());
  const setup = { namespace, belonging: belongingTo(namespace), limits: limitsOf() };
  const tier = createStreamTier({ transport: server.transport, ...setup });
  const append = async (deadlineMs = DEADLINE_MS) => (await tier.append([chunkOf(0, freshNames(1))], deadlineMs))[0];
  return { namespace, server, tier, append };
};

/** A server of which each connection is what `serve` makes of it. */
const listen = async (serve: (socket: Socket) => void): Promise<number> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as { readonly port: number }).port;
};

const connectionsOf = async (name: string) =>
  ((await services.admin.client("LIST")) as string).split("\n").filter((line) => line.includes(` name=${name} `));
const callsOf = async (command: string) =>
  Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await services.admin.info("commandstats"))?.[1] ?? 0);

describe("an edge's commands over TCP", () => {
  test("store the very entry that they store over HTTP", async () => {
    const { tier, namespace } = await open();
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(await tier.append([chunkOf(0, ["a", "a"], bytes)], DEADLINE_MS)).toMatchObject([{ kind: "ok" }]);
    const [entry] = await services.admin.xrange(`{${namespace}:0}:stream`, "-", "+");
    const counted = "1:1:nobody:1";
    expect(entry?.[1]).toEqual(["c", Buffer.from(bytes).toString("base64"), "n", counted, "d", `2:${counted}`]);
  });

  test("are not sent again when their connection breaks before the reply: in doubt, and run once", async () => {
    let isSilent = false;
    const port = await listen((client) => {
      const upstream = new Socket().connect(services.redis.port, "127.0.0.1");
      client.on("data", (bytes: Buffer) => upstream.write(bytes));
      upstream.on("error", () => client.destroy());
      upstream.on("data", (bytes: Buffer) => (isSilent ? client.destroy() : client.write(bytes)));
      client.on("close", () => upstream.destroy());
    });
    const { append } = await open(`redis://127.0.0.1:${port}`);
    expect(await append()).toMatchObject({ kind: "ok" });
    const before = await callsOf("evalsha");
    isSilent = true;
    expect(await append()).toEqual({ kind: "retriable", code: "closed" });
    expect((await callsOf("evalsha")) - before).toBe(1);
    isSilent = false;
    expect(await append()).toMatchObject({ kind: "ok" });
    expect((await callsOf("evalsha")) - before).toBe(2);
  });

  test("leave one connection behind, however long the server was frozen", async () => {
    const { append } = await open();
    await append();
    await services.redis.kill("SIGSTOP");
    for (let asked = 0; asked < 30; asked++) expect(await append(10)).toEqual({ kind: "retriable", code: "timeout" });
    await services.redis.kill("SIGCONT");
    await eventually("it appends", async () => (await append(1_000))?.kind === "ok");
    await eventually("one connection is left", async () => (await connectionsOf(NAME)).length === 1);
  });

  test("keep the replies of those that were answered when another one was not by the deadline", async () => {
    const { server } = await open();
    const pop = `{${freshNamespace()}}:nothing`;
    const replies = await server.transport.send([["ping"], ["blpop", pop, 30]], 200);
    expect(replies).toEqual([
      { kind: "result", result: "PONG" },
      { kind: "error", code: "timeout" },
    ]);
  });

  test("go to no other database than the one of their URL", async () => {
    const { tier, append, namespace } = await open(`${services.redis.url}/16`);
    expect(await append()).toEqual({ kind: "retriable", code: "no_such_database" });
    expect(await tier.divert([0], DEADLINE_MS)).toBe("no_such_database");
    expect(await services.admin.keys(`{${namespace}*`)).toEqual([]);
  });

  test("tell a wrong password, a server that is not there and one that is none", async () => {
    const { host } = new URL(services.redis.url);
    await services.admin.call("ACL", "SETUSER", "guarded", "on", ">right-secret", "~*", "+@all");
    try {
      const wrong = await open(`redis://guarded:wrong-secret@${host}`);
      expect(await wrong.append()).toEqual({ kind: "retriable", code: "unauthorized" });
      const health = await wrong.tier.health(DEADLINE_MS);
      expect(health).toMatchObject({ status: "down", warnings: ["unauthorized"], promise: null });
    } finally {
      await services.admin.call("ACL", "DELUSER", "guarded");
    }
    const nowhere = await open("redis://127.0.0.1:1");
    expect(await nowhere.append()).toEqual({ kind: "retriable", code: "unreachable" });
  });

  const SECRET = "payload-that-nobody-may-log";
  test.each([
    ["HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n"],
    ["OK to everything", "+OK\r\n"],
    ["a number", ":1\r\n"],
    ["nothing", "$-1\r\n"],
    ["an empty list", "*0\r\n"],
    ["a list of nothing", "*1\r\n*-1\r\n"],
    ["another call's reply", "*1\r\n*5\r\n$7\r\nother.1\r\n$2\r\nOK\r\n$3\r\n1-0\r\n$0\r\n\r\n$8\r\nnobody:1\r\n"],
    ["the beginning of a reply, and closes", null],
    ["an error of its own", `-ERR what is ${SECRET}\r\n`],
  ])("answered with %s are in doubt, and no payload is shown", async (_, answer) => {
    const port = await listen((socket) => {
      socket.on("data", () => (answer === null ? socket.end("*1\r\n*5\r\n$7\r\n") : socket.write(answer)));
    });
    const { tier } = await open(`redis://127.0.0.1:${port}`);
    const chunk = chunkOf(0, ["a"], new TextEncoder().encode(SECRET));
    const answers = await tier.append([chunk], 500);
    expect(answers).toEqual([{ kind: "retriable", code: expect.stringMatching(/^[a-z_]+$/) }]);
  });
});

const openssl = "/usr/bin/openssl";
describe.runIf(spawnSync(openssl, ["version"]).status === 0)("an edge's commands over TLS", () => {
  test("are not sent to a server whose certificate nobody vouches for, and say so", async () => {
    const folder = mkdtempSync(join(tmpdir(), "spillway-redis-tls-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [key, cert] = [join(folder, "server.key"), join(folder, "server.crt")];
    const files = ["-keyout", key, "-out", cert, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    execFileSync(openssl, ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", ...files], {
      stdio: "ignore",
    });
    let heard = 0;
    const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => {
      socket.on("error", () => socket.destroy());
      socket.on("data", () => void heard++);
    });
    server.on("tlsClientError", () => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { readonly port: number };
    const { append, tier } = await open(`rediss://localhost:${port}`);
    expect(await append()).toEqual({ kind: "retriable", code: "certificate_refused" });
    expect(await tier.health(DEADLINE_MS)).toMatchObject({ status: "down", warnings: ["certificate_refused"] });
    expect(heard).toBe(0);
  });

  test("are not sent to a server that speaks no TLS", async () => {
    const port = await listen((socket) => void socket.on("data", () => socket.write("-ERR unknown command\r\n")));
    const { append } = await open(`rediss://localhost:${port}`);
    expect(await append()).toEqual({ kind: "retriable", code: "tls_failed" });
  });
});
