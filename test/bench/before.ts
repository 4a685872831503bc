import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Running, startApp } from "@spillway/backends";
import postgres from "postgres";
import { createDatabase, found, type Pipeline, REST_TOKEN, type Services, startEdge } from "../support/world.ts";

export const SHARDS = 4;

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The edge and the REST server of another commit, on the same Redis and Postgres as an installation of their own. */
export type Before = {
  readonly edge: Running;
  readonly rest: Running;
  readonly sql: postgres.Sql;
  /** Makes an emptied Redis its own again. */
  found(): Promise<void>;
  stop(): Promise<void>;
};

/** A checkout of the commit below .spillway, with its packages; made once. Throws for what git does not know. */
const checkoutOf = (revision: string): string => {
  const git = (...words: readonly string[]) => execFileSync("git", words, { cwd: root }).toString().trim();
  const commit = git("rev-parse", "--short", "--verify", `${revision}^{commit}`);
  const folder = `${root}.spillway/before-${commit}`;
  if (!existsSync(folder)) git("worktree", "add", "--detach", "--force", folder, commit);
  execFileSync(process.execPath, ["install", "--frozen-lockfile", "--silent"], { cwd: folder });
  return folder;
};

export const startBefore = async (revision: string, services: Services, pipeline: Pipeline): Promise<Before> => {
  const folder = checkoutOf(revision);
  const rest = await startApp({
    name: "redis-rest-before",
    entry: `${folder}/libs/redis-rest/src/main.ts`,
    env: { REDIS_URL: services.redis.url, TOKEN: REST_TOKEN },
    // It answers 404 here, which is an answer.
    isReady: async (url) => (await fetch(url, { signal: AbortSignal.timeout(1_000) })).status > 0,
  });
  const name = `${pipeline.name}before`;
  const addresses = { ...pipeline.addresses, restUrl: rest.url, databaseUrl: await createDatabase(services, name) };
  const foundAgain = () => found(name, addresses, SHARDS);
  await foundAgain();
  const edge = await startEdge(name, addresses, {}, `${folder}/apps/edge/src/main.bun.ts`);
  const sql = postgres(addresses.databaseUrl, { max: 1, onnotice: () => undefined });
  const stop = async () => void (await Promise.all([edge.stop(), rest.stop(), sql.end()]));
  return { edge, rest, sql, found: foundAgain, stop };
};
