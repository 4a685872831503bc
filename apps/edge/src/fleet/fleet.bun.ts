import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@spillway/event";
import type { Environment } from "@spillway/service";
import { listen, listenOn } from "@spillway/service/bun";
import type { Shell } from "@spillway/service/process";
import type { Config } from "../config.ts";
import type { Fleet } from "../process.ts";
import { type Member, runFleet } from "./fleet.ts";
import { type AskMember, answeringForAll } from "./whole.ts";

/** Where a member is among the others: its number, of how many, and the folder of their sockets. */
type Place = { readonly member: number; readonly count: number; readonly folder: string };

const VARIABLE = "SPILLWAY_EDGE_MEMBER";
const ASK_MS = 1_000;

const socketOf = (folder: string, member: number): string => join(folder, `${member}.sock`);

/** Null: this process is none. */
const placeOf = (env: Environment): Place | null => {
  const [, member, count, folder] = /^(\d+)\/(\d+)\/(.+)$/.exec(env[VARIABLE] ?? "") ?? [];
  return folder === undefined ? null : { member: Number(member), count: Number(count), folder };
};

const askMemberIn =
  (folder: string): AskMember =>
  async (member, request) => {
    const { pathname } = new URL(request.url);
    const signal = AbortSignal.timeout(ASK_MS);
    try {
      return await fetch(`http://member${pathname}`, {
        unix: socketOf(folder, member),
        headers: request.headers,
        signal,
      });
    } catch {
      // It has just ended, or does not answer: that is what is told of it.
      return null;
    }
  };

/** When the parent is gone, however it ended, there is nobody to end this one. */
const endWithParent = (): void => {
  process.stdin.on("end", () => process.kill(process.pid, "SIGTERM"));
  process.stdin.resume();
};

/** A compiled executable is its own script. */
const command = (): string[] => [process.execPath, ...(Bun.main.startsWith("/$bunfs/") ? [] : [Bun.main])];

const spawnIn =
  (folder: string, count: number, env: Environment) =>
  (member: number): Member => {
    const socket = socketOf(folder, member);
    rmSync(socket, { force: true });
    const child = Bun.spawn(command(), {
      env: { ...env, [VARIABLE]: `${member}/${count}/${folder}` },
      stdin: "pipe",
      stdout: "inherit",
      stderr: "inherit",
    });
    return {
      pid: child.pid,
      exited: child.exited,
      hasServed: () => existsSync(socket),
      kill: (signal) => child.kill(signal),
    };
  };

/** Two processes that were told the same port by mistake would share it as well: so nobody may be there yet. */
const refuseTakenPort = async ({ HOST, PORT }: Config): Promise<void> => {
  if (PORT === 0) throw new Error("PORT: got 0; with EDGE_PROCESSES it must be one that all of them know");
  const server = await listen(HOST, PORT, { fetch: () => new Response(null, { status: 503 }) });
  await server.stop();
};

/** Runs the edges that `EDGE_PROCESSES` says, each a process of its own behind the same port, and ends this one with them. */
const runAll = async (shell: Shell<Config>, env: Environment): Promise<never> => {
  const { config, log, stopping, hurrying } = shell;
  await refuseTakenPort(config).catch((error: Error) => shell.refuse(error.message));
  const folder = mkdtempSync(join(tmpdir(), "spillway-edges-"));
  const spawn = spawnIn(folder, config.EDGE_PROCESSES, env);
  const end = await runFleet(config.EDGE_PROCESSES, { spawn, clock: systemClock, log, stopping, hurrying });
  rmSync(folder, { recursive: true, force: true });
  if (end === "failed")
    return shell.refuse("EDGE_PROCESSES: an edge ended before it took requests; what it said is above");
  return shell.end(async () => undefined);
};

/** Several edges behind one port, as processes of Bun's: the kernel gives each its part of the connections (Linux). */
export const bunFleet = (env: Environment): Fleet => {
  const place = placeOf(env);
  return {
    member: place?.member ?? null,
    run: (shell) => runAll(shell, env),
    answering: (own) =>
      place === null ? own : answeringForAll(place.member, place.count, askMemberIn(place.folder), own),
    open: (own) => {
      if (place === null) return;
      endWithParent();
      listenOn(socketOf(place.folder, place.member), (request) => own(request, () => undefined));
    },
  };
};
