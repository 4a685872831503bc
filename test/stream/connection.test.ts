import { eventually } from "@spillway/backends/eventually";
import { Unavailable } from "@spillway/event";
import { connectRedis, createLeases, createShardStream } from "@spillway/stream";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chunkOf, freshNames } from "../conformance/chunks.ts";
import { startForgetfulProxy } from "./forgetful-proxy.ts";
import {
  belongingTo,
  freshNamespace,
  limitsOf,
  type OpenedStream,
  openStream,
  type StreamServices,
  startStreamServices,
} from "./services.ts";

const DEADLINE_MS = 30_000;

let services: StreamServices;
beforeAll(async () => {
  services = await startStreamServices();
});
afterAll(() => services.stop());

const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return "nothing was thrown";
  } catch (error) {
    return error instanceof Unavailable ? error.code : String(error);
  }
};

/** The blocked readers of this server, seen from outside. */
const blockedReaders = async () =>
  ((await services.admin.client("LIST")) as string).split("\n").filter((line) => / flags=b .* cmd=xread /.test(line));

const appendOne = async ({ tier }: OpenedStream) =>
  (await tier.append([chunkOf(0, freshNames(1))], 1000))[0]?.kind === "ok";

describe("the connection over TCP", () => {
  test("writes what is sent in one turn at once", async () => {
    const server = connectRedis({ url: services.redis.url });
    const stream = await server.commands.send(async (client) => (client as Redis).stream);
    // Bun makes the one for several of the one for one.
    let writes = 0;
    let isWriting = false;
    for (const name of ["_write", "_writev"] as const) {
      const own = stream[name] as (...words: unknown[]) => unknown;
      const counted = (...words: unknown[]) => {
        if (!isWriting) writes++;
        isWriting = true;
        own.apply(stream, words);
        isWriting = false;
      };
      Object.assign(stream, { [name]: counted });
    }
    const ping = () => server.commands.send((client) => client.ping());
    expect(await Promise.all([ping(), ping(), ping(), ping()])).toEqual(Array(4).fill("PONG"));
    expect(writes).toBe(1);
    await ping();
    expect(writes).toBe(2);
    server.close();
  });

  test("gives up a read of a frozen server, and works again when it thaws", async () => {
    const opened = await openStream(services);
    const { stream, close } = opened;
    expect(await stream.read(0, "0", 10, 1)).toEqual([]);
    await services.redis.kill("SIGSTOP");
    expect(await codeOf(stream.read(0, "0", 10, 50))).toBe("timeout");
    expect(await codeOf(stream.counts(0))).toBe("timeout");
    await services.redis.kill("SIGCONT");
    await eventually("it appends", () => appendOne(opened));
    expect(await stream.read(0, "0", 10, 50)).toHaveLength(1);
    expect(await stream.counts(0)).toMatchObject({ accepted: 1 });
    await close();
  });

  test("gives up a connection attempt to a server that takes it and says nothing", async () => {
    const server = connectRedis({ url: services.redis.url, commandTimeoutMs: 200 });
    const leases = createLeases({ redis: server, namespace: freshNamespace() });
    await services.redis.kill("SIGSTOP");
    expect(await codeOf(leases.take(0, "one", 1000))).toBe("timeout");
    await services.redis.kill("SIGCONT");
    expect(await eventually("a lease is given", () => leases.take(0, "one", 1000))).toMatchObject({ owner: "one" });
    server.close();
  });

  test("opens another connection when the old one died without a word", async () => {
    const proxy = await startForgetfulProxy(services.redis.port);
    const server = connectRedis({ url: `redis://127.0.0.1:${proxy.port}`, commandTimeoutMs: 300 });
    const stream = createShardStream({
      redis: server,
      namespace: freshNamespace(),
      belonging: belongingTo("x"),
      limits: limitsOf(),
    });
    // The first on the shard's own connection, the second on that of all who have nothing.
    for (let times = 0; times < 2; times++) expect(await stream.read(0, "0", 10, 1)).toEqual([]);
    expect(await stream.counts(0)).toMatchObject({ accepted: 0 });
    proxy.forgetAll();
    expect(await codeOf(stream.read(0, "0", 10, 1))).toBe("timeout");
    expect(await codeOf(stream.read(0, "0", 10, 1))).toBe("timeout");
    expect(await codeOf(stream.counts(0))).toBe("timeout");
    await eventually("it counts again", () => stream.counts(0));
    await eventually("it reads again", () => stream.read(0, "0", 10, 1));
    server.close();
    await proxy.close();
  });

  test("reports a killed server at once, and reads on from its position when it is back", async () => {
    const opened = await openStream(services);
    const { stream, close } = opened;
    await appendOne(opened);
    const [first] = await stream.read(0, "0", 10, 0);
    const reading = codeOf(stream.read(0, first?.id ?? "", 10, DEADLINE_MS));
    await eventually("a reader waits", async () => (await blockedReaders()).length === 1);
    await services.redis.kill("SIGKILL");
    expect(await reading).toBe("closed");
    expect(await codeOf(stream.read(0, "0", 10, 10))).toBe("unreachable");
    await services.redis.restart();
    await eventually("it appends", () => appendOne(opened));
    expect(await stream.read(0, first?.id ?? "", 10, DEADLINE_MS)).toHaveLength(1);
    expect(await stream.read(0, "0", 10, 0)).toHaveLength(2);
    await close();
  });

  test("does not send a command again that was under way when the connection broke", async () => {
    const opened = await openStream(services);
    const { stream, close } = opened;
    const reading = codeOf(stream.read(0, "0", 10, DEADLINE_MS));
    const [line = ""] = await eventually("a reader waits", async () => {
      const lines = await blockedReaders();
      return lines.length === 1 ? lines : null;
    });
    await services.admin.client("KILL", "ID", /id=(\d+)/.exec(line)?.[1] ?? "");
    expect(await reading).toBe("closed");
    expect(await blockedReaders()).toEqual([]);
    await close();
  });

  test("lets other commands finish when one of them timed out", async () => {
    const { server, stream, close } = await openStream(services);
    await stream.counts(0);
    const slow = server.commands.send((client) => client.blpop("nobody-pushes-here", 2), 10_000);
    const late = codeOf(server.commands.send((client) => client.ping(), 50));
    expect(await late).toBe("timeout");
    expect(await stream.counts(0)).toMatchObject({ accepted: 0 });
    expect(await slow).toBeNull();
    await close();
  });

  test("tells a wrong password, and shows none", async () => {
    const { host } = new URL(services.redis.url);
    await services.admin.call("ACL", "SETUSER", "relay", "on", ">right-secret", "~*", "+@all");
    const server = connectRedis({ url: `redis://relay:wrong-secret@${host}` });
    const stream = createShardStream({
      redis: server,
      namespace: freshNamespace(),
      belonging: belongingTo("x"),
      limits: limitsOf(),
    });
    const error = await stream.counts(0).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Unavailable);
    expect(String((error as Error).stack) + JSON.stringify(error)).not.toContain("wrong-secret");
    expect((error as Unavailable).cause).toBeUndefined();
    expect((error as Unavailable).code).toBe("unauthorized");
    server.close();
    await services.admin.call("ACL", "DELUSER", "relay");
  });

  test("sends nothing to another database when there is none of its number, and says so", async () => {
    const server = connectRedis({ url: `${services.redis.url}/16` });
    const namespace = freshNamespace();
    const stream = createShardStream({ redis: server, namespace, belonging: belongingTo("x"), limits: limitsOf() });
    const leases = createLeases({ redis: server, namespace });
    for (let again = 0; again < 3; again++) {
      expect(await codeOf(leases.take(0, "one", 60_000))).toBe("no_such_database");
      expect(await codeOf(stream.counts(0))).toBe("no_such_database");
      expect(await codeOf(server.open().send((client) => client.set(`{${namespace}:0}`, "x")))).toBe(
        "no_such_database",
      );
    }
    expect(await services.admin.keys(`{${namespace}*`)).toEqual([]);
    server.close();
  });

  test("uses the database of its number", async () => {
    const server = connectRedis({ url: `${services.redis.url}/15` });
    const namespace = freshNamespace();
    expect(await createLeases({ redis: server, namespace }).take(0, "one", 60_000)).toMatchObject({ owner: "one" });
    expect(await services.admin.keys(`{${namespace}*`)).toEqual([]);
    server.close();
  });

  test("answers commands that may not be run, and keys of another type, by code", async () => {
    const { host } = new URL(services.redis.url);
    const opened = await openStream(services);
    await services.admin.call("ACL", "SETUSER", "weak", "on", ">secret", "~*", "-@all", "+ping");
    const weak = connectRedis({ url: `redis://weak:secret@${host}` });
    const forbidden = createShardStream({
      redis: weak,
      namespace: opened.namespace,
      belonging: belongingTo("x"),
      limits: limitsOf(),
    });
    expect(await codeOf(forbidden.counts(0))).toBe("forbidden");
    weak.close();
    await services.admin.call("ACL", "DELUSER", "weak");
    await services.admin.rpush(`{${opened.namespace}:0}:stream`, "x");
    expect(await codeOf(opened.stream.read(0, "0", 10, 0))).toBe("wrong_type");
    await opened.close();
  });

  test("answers for a server that became a replica", async () => {
    const { stream, leases, close } = await openStream(services);
    const lease = await leases.take(0, "one", 60_000);
    await services.admin.replicaof("127.0.0.1", "1");
    try {
      expect(await codeOf(leases.take(1, "one", 1000))).toBe("readonly");
      const appended = lease && (await stream.append(lease, chunkOf(0, freshNames(1))));
      expect(appended).toEqual({ kind: "retriable", code: "readonly" });
    } finally {
      await services.admin.replicaof("NO", "ONE");
    }
    await close();
  });

  test("ends what waits when it is closed, and takes nothing more", async () => {
    const { server, stream, close } = await openStream(services);
    const reading = codeOf(stream.read(0, "0", 10, DEADLINE_MS));
    await eventually("a reader waits", async () => (await blockedReaders()).length === 1);
    server.close();
    expect(await reading).toBe("closed");
    expect(await codeOf(stream.counts(0))).toBe("closed");
    expect(await codeOf(stream.read(1, "0", 10, 0))).toBe("closed");
    await eventually("no reader is left", async () => (await blockedReaders()).length === 0);
    await close();
  });
});
