import { type Running, startPostgres } from "@spillway/backends";
import { runMigrations } from "@spillway/drizzle";
import type { ShardChunk } from "@spillway/event";
import { openDatabase } from "@spillway/postgres";
import postgres, { type Sql } from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import type { OpenInsert } from "../conformance/outbox-tier.ts";

let databases = 0;

/** A migrated database of its own on a running server; answers its URL. */
export const freshDatabase = async (serverUrl: string): Promise<string> => {
  const name = `outbox_${process.pid}_${++databases}_${crypto.randomUUID().slice(0, 8)}`;
  const admin = adminOf(serverUrl);
  await admin.unsafe(`create database ${name}`);
  await admin.end();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await runMigrations(url.href);
  return url.href;
};

/** A plain client for the test's own looks and faults. */
export const adminOf = (url: string, connectionsMax = 1): Sql =>
  postgres(url, { max: connectionsMax, onnotice: () => undefined });

const columnsOf = ({ shard, chunk, events }: ShardChunk) => ({ shard, chunk, events, bytes: chunk.length });

/** An insert in a transaction that stays open until it is told. */
export const beginInsert = async (sql: Sql, chunk: ShardChunk): Promise<OpenInsert> => {
  const inserted = Promise.withResolvers<void>();
  const decided = Promise.withResolvers<void>();
  const over = sql.begin(async (tx) => {
    await tx`insert into outbox ${tx(columnsOf(chunk))}`;
    inserted.resolve();
    await decided.promise;
  });
  await inserted.promise;
  return {
    commit: async () => {
      decided.resolve();
      await over;
    },
    rollback: async () => {
      decided.reject(new Error("rolled back"));
      await over.catch((error: Error) => expectRollback(error));
    },
  };
};

const expectRollback = (error: Error): void => {
  if (error.message !== "rolled back") throw error;
};

/** A bounded pool and a plain client on a database of their own. */
export const openFresh = async (serverUrl: string, options: { readonly pooled?: boolean } = {}) => {
  const url = await freshDatabase(serverUrl);
  const database = openDatabase({ url, ...options });
  const admin = adminOf(url, 3);
  const close = async (): Promise<void> => {
    await database.close();
    await admin.end();
  };
  return { url, database, admin, close };
};

/** A server for the whole file, and for each test what `openFresh` opens. */
export const freshEach = () => {
  let server: Running | undefined;
  let fresh: Awaited<ReturnType<typeof openFresh>> | undefined;
  const begun = <T>(one: T | undefined): T => {
    if (one === undefined) throw new Error("asked for outside of a test");
    return one;
  };
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    fresh = await openFresh(begun(server).url);
  });
  afterEach(() => fresh?.close());
  return {
    get server() {
      return begun(server);
    },
    get url() {
      return begun(fresh).url;
    },
    get database() {
      return begun(fresh).database;
    },
    get admin() {
      return begun(fresh).admin;
    },
  };
};
