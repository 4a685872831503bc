import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { freePort } from "@spillway/backends";
import { expect } from "vitest";

export type Started = {
  readonly url: string;
  /** What it has written to stdout and stderr so far. */
  output(): string;
  /** SIGTERM, again for what waits for its balancer, and how it ended. */
  stop(): Promise<{ readonly code: number | null; readonly signal: string | null }>;
};

/** A second signal that comes sooner counts as the first. */
const AGAIN_MS = 700;

const collect = (child: ChildProcess): (() => string) => {
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  return () => output;
};

type Options = { readonly cwd: string; readonly env: Readonly<Record<string, string>> };

export const spawnBun = (entry: string, options: Options): Promise<Started> =>
  spawnApp([process.execPath, entry], options);

/** Starts an app as an operator does, with nothing in its environment but `env` and a free PORT; waits for `/livez`. */
export const spawnApp = async (
  [program, ...rest]: readonly [string, ...string[]],
  options: Options,
): Promise<Started> => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { ...options.env, PORT: String(port) };
  const child = spawn(program, rest, { cwd: options.cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const output = collect(child);
  const exited = once(child, "exit").then(([code, signal]) => ({ code, signal }));
  const lives = async (): Promise<string> => {
    if (child.exitCode !== null) return `exited: ${output()}`;
    const answer = await fetch(`${url}/livez`).catch(() => null);
    return answer?.ok ? "lives" : "not yet";
  };
  await expect.poll(lives, { timeout: 20_000 }).toMatch(/^(lives|exited)/);
  if (child.exitCode !== null)
    throw new Error(`${[program, ...rest].join(" ")} exited with ${child.exitCode}: ${output()}`);
  return {
    url,
    output,
    stop: () => {
      child.kill("SIGTERM");
      setTimeout(() => child.kill("SIGTERM"), AGAIN_MS).unref();
      return exited;
    },
  };
};
