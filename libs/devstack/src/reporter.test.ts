import { NotReady, type Running } from "@spillway/backends";
import { expect, test } from "vitest";
import { createReporter } from "./reporter.ts";

const service = { url: "http://127.0.0.1:8787", pid: () => 7 } as Running;
const died = { kind: "died", exit: { code: null, signal: "SIGKILL" }, delayMs: 0 } as const;
const failed = (log: string) => ({ kind: "failed", error: new NotReady({ name: "edge", logFile: "x" }, log) }) as const;

const createScene = () => {
  const said: string[] = [];
  const reportOf = createReporter();
  return { said, report: (name: string) => reportOf(service, (line) => said.push(`${name}: ${line}`)) };
};

test("each episode is one sentence", () => {
  const { said, report } = createScene();
  const edge = report("edge");
  edge({ kind: "ready" });
  edge(died);
  edge({ ...died, exit: { code: 1, signal: null }, delayMs: 250 });
  edge({ kind: "back", afterMs: 120 });
  edge({ kind: "reloaded", file: "apps/edge/src/app.ts" });
  expect(said).toEqual([
    "edge: ready on http://127.0.0.1:8787, pid 7",
    "edge: died (SIGKILL), starting it again",
    "edge: died (exit code 1), starting it again in 250 ms",
    "edge: is back as pid 7 after 120 ms",
    "edge: reloaded, apps/edge/src/app.ts changed",
  ]);
});

test("why something does not start is told once, however often it is tried and in however many apps; again after it was mended", () => {
  const { said, report } = createScene();
  const [edge, relay] = [report("edge"), report("relay")];
  const at = (time: string) =>
    `{"@timestamp":"2026-11-29T${time}Z","level":"INFO","message":"config"}\nerror: no export x\n`;
  edge(failed(at("08:12:01.123")));
  relay(failed(at("08:12:01.456")));
  edge(failed(at("08:12:02.000")));
  expect(said).toEqual(["edge: does not start:\ninfo  config\nerror: no export x"]);
  edge(failed("another"));
  edge({ kind: "reloaded", file: "a.ts" });
  edge(failed(at("08:12:03.000")));
  expect(said).toHaveLength(4);
});
