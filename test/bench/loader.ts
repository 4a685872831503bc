import { fileURLToPath } from "node:url";
import { printedBy, scriptOf } from "./printed.ts";

export type Load = {
  readonly url: string;
  readonly batch: 1 | 100;
  readonly seconds: number;
  readonly key: string;
  readonly connections?: number;
};

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
  const command = [
    "wrk",
    "-t1",
    `-c${load.connections ?? CONNECTIONS}`,
    `-d${load.seconds}s`,
    "--latency",
    "-s",
    script,
    load.url,
  ];
  const prefix = crypto.randomUUID().slice(0, 13);
  const text = await printedBy(command, { BATCH: String(load.batch), PREFIX: prefix, KEY: load.key });
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
  const text = await printedBy([
    ...scriptOf("autocannon.ts"),
    load.url,
    String(load.batch),
    String(load.seconds),
    load.key,
    String(load.connections ?? CONNECTIONS),
  ]);
  return JSON.parse(text.split("\n").at(-1) ?? "") as Loaded;
};

export const loaderName = Bun.which("wrk") === null ? "autocannon" : "wrk";

/** 64 connections unless told, each posting as soon as it has its answer, from a process of its own. */
export const runLoad = (load: Load): Promise<Loaded> => (loaderName === "wrk" ? runWrk(load) : runAutocannon(load));
