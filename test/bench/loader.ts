import { fileURLToPath } from "node:url";

export type Load = { readonly url: string; readonly batch: 1 | 100; readonly seconds: number; readonly key: string };

/** What the clients saw. Latencies in ms. */
export type Loaded = {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that were not 2xx or 3xx, and requests without an answer. */
  readonly failed: number;
};

const CONNECTIONS = 64;
const script = fileURLToPath(new URL("load.lua", import.meta.url));

/** wrk prints 850.00us, 1.25ms, 2.01s. */
const msOf = (text: string | undefined): number => {
  const [, amount, unit] = /([\d.]+)(us|ms|s|m)/.exec(text ?? "") ?? [];
  const factor = { us: 0.001, ms: 1, s: 1000, m: 60_000 }[unit ?? ""];
  return factor === undefined ? Number.NaN : Number(amount) * factor;
};

const runWrk = async (load: Load): Promise<Loaded> => {
  const child = Bun.spawn(
    ["wrk", "-t1", `-c${CONNECTIONS}`, `-d${load.seconds}s`, "--latency", "-s", script, load.url],
    {
      env: { ...process.env, BATCH: String(load.batch), PREFIX: crypto.randomUUID().slice(0, 13), KEY: load.key },
      stdout: "pipe",
      stderr: "inherit",
    },
  );
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`wrk failed:\n${text}`);
  const non2xx = Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0);
  const socketErrors =
    /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1) ?? [];
  return {
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    p50Ms: msOf(/^\s+50%\s+(\S+)/m.exec(text)?.[1]),
    p99Ms: msOf(/^\s+99%\s+(\S+)/m.exec(text)?.[1]),
    failed: non2xx + socketErrors.reduce((sum, count) => sum + Number(count), 0),
  };
};

/** autocannon is an npm package, so that it is there where wrk is not; it is the slower loader and sets its own ceiling. */
const runAutocannon = async (load: Load): Promise<Loaded> => {
  const entry = fileURLToPath(new URL("autocannon.ts", import.meta.url));
  const child = Bun.spawn([process.execPath, entry, load.url, String(load.batch), String(load.seconds), load.key], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`autocannon failed:\n${text}`);
  return JSON.parse(text.trim().split("\n").at(-1) ?? "") as Loaded;
};

export const loaderName = Bun.which("wrk") === null ? "autocannon" : "wrk";

/** 64 connections, each posting as soon as it has its answer, from a process of its own. */
export const runLoad = (load: Load): Promise<Loaded> => (loaderName === "wrk" ? runWrk(load) : runAutocannon(load));
