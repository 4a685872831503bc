import { type Running, startPostgres } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import type { Appended, OutboxTier } from "@spillway/event";
import { createOutboxDrain, createOutboxTier } from "@spillway/outbox";
import { type Database, openDatabase } from "@spillway/postgres";
import type { Sql } from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFailed, test } from "vitest";
import { chunkOf, freshNames } from "../conformance/chunks.ts";
import { type FaultProxy, startProxy } from "../support/proxy.ts";
import { adminOf, freshDatabase } from "./fresh-database.ts";

/* Real faults on a real Postgres. What every one of them asks: is the answer honest, and does the pool heal by itself? */
const DEADLINE_MS = 700;
const CONNECTIONS_MAX = 4;

let server: Running;
let url: string;
let admin: Sql;
let proxy: FaultProxy;
let database: Database;
let tier: OutboxTier;

beforeAll(async () => {
  server = await startPostgres({ settings: { max_connections: "20" } });
});
afterAll(() => server.stop());

beforeEach(async () => {
  url = await freshDatabase(server.url);
  admin = adminOf(url, 3);
  proxy = await startProxy({ port: server.port });
  const proxied = new URL(url);
  proxied.port = String(proxy.port);
  database = openDatabase({ url: proxied.href, connectionsMax: CONNECTIONS_MAX, statementTimeoutMs: 1_000 });
  tier = createOutboxTier({ database });
});
afterEach(async () => {
  await Promise.all([database.close(), admin.end({ timeout: 1 })]);
  await proxy.close();
});

const append = async (name?: string): Promise<Appended> => {
  const bytes = name === undefined ? undefined : new TextEncoder().encode(name);
  const [answer] = await tier.append([chunkOf(0, freshNames(1), bytes)], DEADLINE_MS);
  if (answer === undefined) throw new Error("one chunk, one answer");
  return answer;
};

const codeOf = (answer: Appended): string => (answer.kind === "retriable" ? answer.code : answer.kind);

const heals = () => eventually("an append succeeds again", async () => (await append()).kind === "ok");

const rowNames = async (): Promise<string[]> => {
  const rows = await admin<{ chunk: Uint8Array }[]>`select chunk from outbox order by id`;
  return rows.map(({ chunk }) => Buffer.from(chunk).toString());
};

/** Backends of the pool under test. */
const backends = async (): Promise<number[]> => {
  const rows = await admin<{ pid: number }[]>`
    select pid from pg_stat_activity where application_name = 'spillway' and datname = current_database()`;
  return rows.map(({ pid }) => pid);
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    // ESRCH: there is no such process.
    return false;
  }
};

const lockTable = async (): Promise<() => Promise<unknown>> => {
  const locked = Promise.withResolvers<void>();
  const free = Promise.withResolvers<void>();
  const over = admin.begin(async (tx) => {
    await tx`lock table outbox in access exclusive mode`;
    locked.resolve();
    await free.promise;
  });
  await locked.promise;
  return async () => {
    free.resolve();
    await over;
  };
};

describe("the outbox tier", () => {
  test("keeps what it acknowledged when Postgres is killed −9 under load, and heals when it is back", async () => {
    const acknowledged: string[] = [];
    const codes: string[] = [];
    let loading = true;
    const load = async (worker: number): Promise<void> => {
      for (let i = 0; loading; i++) {
        const answer = await append(`${worker}/${i}`);
        if (answer.kind === "ok") acknowledged.push(`${worker}/${i}`);
        else codes.push(codeOf(answer));
      }
    };
    const workers = Array.from({ length: 8 }, (_, worker) => load(worker));
    for (let round = 0; round < 3; round++) {
      const before = acknowledged.length;
      await eventually("a load", () => acknowledged.length > before + 100);
      await server.kill("SIGKILL");
      const noticed = codes.length;
      await eventually("it is noticed", () => codes.length > noticed);
      await server.restart();
      const down = acknowledged.length;
      await eventually("appends succeed again", () => acknowledged.length > down + 100);
    }
    loading = false;
    await Promise.all(workers);
    await admin.end({ timeout: 0 });
    admin = adminOf(url, 3);
    const rows = new Set(await rowNames());
    expect(acknowledged.filter((name) => !rows.has(name))).toEqual([]);
    expect(codes.filter((code) => code === "unknown" || code.startsWith("sqlstate"))).toEqual([]);
  });

  test("says so when Postgres has no connection left, and takes one that becomes free", async () => {
    const hogs: Sql[] = [];
    const hog = async (): Promise<boolean> => {
      const sql = adminOf(url);
      hogs.push(sql);
      return sql`select 1`.then(
        () => true,
        () => false,
      );
    };
    while (await hog());
    expect(codeOf(await append())).toBe("too_many_connections");
    expect(await tier.health(DEADLINE_MS)).toMatchObject({ status: "down", warnings: ["too_many_connections"] });
    await Promise.all(hogs.map((sql) => sql.end()));
    await heals();
  });

  test("is not durable while Postgres is read-only, and says it", async () => {
    await append();
    await admin.unsafe("alter system set default_transaction_read_only = on");
    await admin`select pg_reload_conf()`;
    await eventually("it is noticed", async () => codeOf(await append()) === "read_only");
    expect(await tier.health(DEADLINE_MS)).toMatchObject({ status: "down", warnings: ["read-only"] });
    await admin.unsafe("alter system reset default_transaction_read_only");
    await admin`select pg_reload_conf()`;
    await heals();
    expect(await tier.health(DEADLINE_MS)).toEqual({ status: "up", warnings: [], promise: { state: "kept" } });
  });

  test("answers while the table is locked, lets nothing pile up, and goes on when it is free", async () => {
    await append();
    const free = await lockTable();
    const answers = await Promise.all(Array.from({ length: 40 }, () => append()));
    expect(new Set(answers.map(codeOf))).toEqual(new Set(["timeout", "busy"]));
    const [waiting] = await admin<{ count: number }[]>`
      select count(*)::int from pg_stat_activity
      where application_name = 'spillway' and datname = current_database() and state = 'active'`;
    expect(waiting?.count).toBeLessThanOrEqual(CONNECTIONS_MAX);
    await free();
    await heals();
  });

  test("refuses what would wait behind too many others, at once, and serves those that wait", async () => {
    const bounded = openDatabase({ url, connectionsMax: 1, waitingMax: 2, statementTimeoutMs: 60_000 });
    const narrow = createOutboxTier({ database: bounded });
    const free = await lockTable();
    const answers = Array.from({ length: 6 }, () => narrow.append([chunkOf(0, freshNames(1))], 60_000));
    const refused = (await Promise.all(answers.slice(3))).flat();
    expect(refused.map(codeOf)).toEqual(["busy", "busy", "busy"]);
    await free();
    const served = (await Promise.all(answers.slice(0, 3))).flat();
    expect(served.map(codeOf)).toEqual(["ok", "ok", "ok"]);
    await bounded.close();
  });

  test("does not know what came of an insert whose backend was terminated", async () => {
    await append();
    const free = await lockTable();
    const inserting = tier.append([chunkOf(0, freshNames(1))], 60_000);
    const [pid] = await eventually("it waits for the lock", async () => {
      const rows = await admin<{ pid: number }[]>`
        select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
      return rows.length > 0 && rows.map((row) => row.pid);
    });
    await admin`select pg_terminate_backend(${pid ?? 0})`;
    expect(await inserting).toEqual([
      { kind: "retriable", code: expect.stringMatching(/connection_lost|shutting_down/) },
    ]);
    await free();
    await heals();
  });

  test("does not know what came of a commit whose reply was lost", async () => {
    await heals();
    proxy.set({ kind: "cut-reply" });
    expect(await append("executed")).toEqual({ kind: "retriable", code: "connection_lost" });
    proxy.set({ kind: "pass" });
    await eventually("it is there all the same", async () => (await rowNames()).includes("executed"));
    await heals();
  });

  test("heals after a connection was cut in the middle of an insert", async () => {
    await heals();
    proxy.set({ kind: "cut-request" });
    expect((await append("x".repeat(100_000))).kind).toBe("retriable");
    proxy.set({ kind: "pass" });
    await heals();
    expect((await rowNames()).every((name) => name.length < 100_000)).toBe(true);
  });

  test("answers while the network swallows everything, and heals when it does not", async () => {
    await Promise.all(Array.from({ length: 8 }, () => append()));
    proxy.set({ kind: "black-hole" });
    for (let i = 0; i < 3; i++) {
      const answers = await Promise.all(Array.from({ length: 6 }, () => append()));
      expect(answers.every(({ kind }) => kind === "retriable")).toBe(true);
    }
    expect((await tier.health(DEADLINE_MS)).status).toBe("down");
    proxy.set({ kind: "pass" });
    await heals();
  });

  test("heals while the backends it had are frozen; what they do later is known to nobody", async () => {
    await Promise.all(Array.from({ length: 8 }, () => append()));
    const frozen = await backends();
    onTestFailed(() => {
      for (const pid of frozen) process.kill(pid, "SIGKILL");
    });
    for (const pid of frozen) process.kill(pid, "SIGSTOP");
    const names = Array.from({ length: CONNECTIONS_MAX }, (_, i) => `frozen/${i}`);
    const answers = await Promise.all(names.map(append));
    expect(answers.every(({ kind }) => kind === "retriable")).toBe(true);
    await heals();
    for (const pid of frozen) process.kill(pid, "SIGCONT");
    await eventually("the late inserts end", async () => (await backends()).every((pid) => !frozen.includes(pid)));
    const late = (await rowNames()).filter((name) => name.startsWith("frozen/"));
    expect(late.length).toBe(new Set(late).size);
    await heals();
  });

  test("keeps no more backends than it may", async () => {
    await Promise.all(Array.from({ length: 100 }, () => append()));
    await eventually("the pool settles", async () => (await backends()).length <= CONNECTIONS_MAX);
  });

  test("names no address, password or content in what it says", async () => {
    const closed = openDatabase({ url: "postgres://user:geheim@127.0.0.1:9/nowhere" });
    const [answer] = await createOutboxTier({ database: closed }).append([chunkOf(0, ["payload"])], DEADLINE_MS);
    expect(answer).toEqual({ kind: "retriable", code: "connection_refused" });
    await expect(createOutboxTier({ database: closed }).size(DEADLINE_MS)).rejects.toThrow(
      /^unavailable: connection_refused$/,
    );
    await closed.close();
    expect(() => openDatabase({ url: "postgres://user:geheim@[/" })).toThrow(/^the Postgres URL does not parse$/);
  });
});

const OWNER = { shard: 0, token: 1 };

describe("the outbox drain", () => {
  const fill = async (rows: number): Promise<void> => {
    for (let i = 0; i < rows; i++) await append(String(i));
  };

  test("shows the rows again when Postgres was killed −9 between the move and the delete", async () => {
    await fill(3);
    const drain = createOutboxDrain({ database, deadlineMs: DEADLINE_MS });
    const seen: string[][] = [];
    const move = (rows: readonly { readonly chunk: Uint8Array }[]) => {
      seen.push(rows.map(({ chunk }) => Buffer.from(chunk).toString()));
      return rows.length;
    };
    const cut = drain.drain(OWNER, 10, async (rows) => {
      const pids = await backends();
      await server.kill("SIGKILL");
      // The postmaster is dead then; a backend that has not noticed yet would still delete.
      await eventually("its backends are gone", () => pids.every((pid) => !isAlive(pid)));
      return move(rows);
    });
    await expect(cut).rejects.toMatchObject({ name: "Unavailable", code: expect.stringMatching(/connection/) });
    await server.restart();
    const answer = await eventually("it drains", () => drain.drain(OWNER, 10, async (rows) => move(rows)));
    expect(answer).toEqual({ found: 3, removed: 3 });
    expect(seen).toEqual([
      ["0", "1", "2"],
      ["0", "1", "2"],
    ]);
  });

  test("keeps the order when the backend is terminated during every other move", async () => {
    await fill(12);
    const drain = createOutboxDrain({ database, deadlineMs: DEADLINE_MS });
    const order: string[] = [];
    for (let calls = 0; new Set(order).size < 12; calls++) {
      const move = async (rows: readonly { readonly chunk: Uint8Array }[]): Promise<number> => {
        for (const { chunk } of rows) order.push(Buffer.from(chunk).toString());
        if (calls % 2 === 0) for (const pid of await backends()) await admin`select pg_terminate_backend(${pid})`;
        return rows.length;
      };
      await drain.drain(OWNER, 3, move).catch((error: Error) => expect(error.name).toBe("Unavailable"));
    }
    const first = [...new Set(order)];
    expect(first).toEqual(Array.from({ length: 12 }, (_, i) => String(i)));
  });

  test("goes on with its connection to itself while a move takes long", async () => {
    await fill(2);
    const drain = createOutboxDrain({ database, deadlineMs: DEADLINE_MS });
    const answer = await drain.drain(OWNER, 10, async (rows) => {
      const [open] = await admin<{ count: number }[]>`
        select count(*)::int from pg_stat_activity
        where application_name = 'spillway' and datname = current_database() and xact_start is not null`;
      expect(open?.count).toBe(0);
      return rows.length;
    });
    expect(answer.removed).toBe(2);
  });

  test("is woken again after Postgres was away", async () => {
    let calls = 0;
    const watch = await createOutboxDrain({ database }).watch(() => calls++);
    await eventually("the first call", () => calls > 0);
    await server.kill("SIGKILL");
    await server.restart();
    const before = calls;
    await heals();
    await eventually("a call after the restart", () => calls > before);
    const connected = calls;
    await eventually("a call for a new row", async () => (await append()).kind === "ok" && calls > connected);
    await watch.close();
  });

  test("gets no more bytes than it asked for, though always a row", async () => {
    for (const size of [600, 300, 300, 2_000]) await append("x".repeat(size));
    const drain = createOutboxDrain({ database, bytesMax: 1_000 });
    const founds: number[] = [];
    for (let found = 1; found > 0; ) {
      ({ found } = await drain.drain(OWNER, 10, async (rows) => rows.length));
      founds.push(found);
    }
    expect(founds).toEqual([3, 1, 0]);
  });
});
