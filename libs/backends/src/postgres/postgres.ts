import { basename, join } from "node:path";
import postgres from "postgres";
import { openPlace } from "../process/place.ts";
import { type Running, type ServiceOptions, startService } from "../process/service.ts";
import { silent } from "../provision/say.ts";
import { providePostgres } from "./binaries.ts";
import { openCluster, removeStalePidFile } from "./cluster.ts";
import { openStandby } from "./standby.ts";

const ASK_S = 2;
const READY_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 8_000;

// What a 202 through the outbox rests on: a commit is on disk before it is answered.
const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  fsync: "on",
  synchronous_commit: "on",
} as const;

export const answersQueries = async (url: string): Promise<boolean> => {
  const sql = postgres(url, { max: 1, connect_timeout: ASK_S, onnotice: () => undefined });
  try {
    await sql`select 1`;
    return true;
  } finally {
    await sql.end({ timeout: 1 });
  }
};

export type PostgresOptions = ServiceOptions & {
  /** Another one that it is a hot standby of, asynchronously; its data is a copy of that one's at the first start. */
  readonly follows?: Pick<Running, "url" | "port">;
};

/** Starts a real Postgres on loopback, every commit on disk. Throws NotProvided, or its log. */
export const startPostgres = async (options: PostgresOptions = {}): Promise<Running> => {
  const { say = silent } = options;
  const binaries = await providePostgres(say);
  const { uid } = binaries;
  const place = await openPlace("postgres", options, uid);
  const url = `postgres://postgres@127.0.0.1:${place.port}/postgres`;
  const { follows } = options;
  const followed = follows && { primary_conninfo: `host=127.0.0.1 port=${follows.port} user=postgres` };
  const settings = Object.entries({ ...SETTINGS, ...followed, ...options.settings, port: String(place.port) });
  return startService({
    ...place,
    url,
    // The "fast" shutdown: open connections are cut. SIGTERM would wait for every client to leave.
    stopSignal: "SIGINT",
    stopDeadlineMs: STOP_DEADLINE_MS,
    readyDeadlineMs: READY_DEADLINE_MS,
    prepare: async () => {
      const cluster = await (follows
        ? openStandby(place.cwd, binaries, follows.url, say)
        : openCluster(place.cwd, binaries, say));
      await removeStalePidFile(cluster);
      const args = ["-D", cluster, ...settings.flatMap(([name, value]) => ["-c", `${name}=${value}`])];
      const folder = join(basename(cluster), "pg_wal");
      const env = await options.writeCache?.attach({ cwd: place.cwd, folder, uid, say });
      return { command: binaries.postgres, args, uid, env };
    },
    ready: () => answersQueries(url),
  });
};
