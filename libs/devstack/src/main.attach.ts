import { setTimeout as sleep } from "node:timers/promises";
import { type Running, startApp } from "@spillway/backends";
import { appEntry, isAppName } from "./apps.ts";
import { REPO_ROOT, readConfig } from "./config.ts";
import { APP_NAMES, type AppName } from "./dev-env.ts";
import { onInterrupt } from "./interrupt.ts";
import { type Layout, layoutOf, makeLayout } from "./layout.ts";
import { writePidRecord } from "./pid-record.ts";
import { watchSources } from "./source-watch.ts";
import { readStackState, type StackState } from "./stack-state.ts";
import { supervise } from "./supervisor.ts";
import { takeTurn } from "./turn.ts";

const POLL_MS = 200;
const STOP_DEADLINE_MS = 7_000;

const startUnder = async (state: StackState, name: AppName, layout: Layout): Promise<Running> => {
  const environment = state.appEnvironments[name];
  return startApp({
    name,
    entry: appEntry(name),
    port: Number(environment.PORT),
    env: environment,
    output: "inherit",
    stopDeadlineMs: STOP_DEADLINE_MS,
    onSpawn: (pid) => void writePidRecord(layout.pid(name), pid),
  });
};

/** Runs one app for as long as the devstack of the same folder is ready, and brings it back whenever it dies. */
const main = async (name: string | undefined): Promise<void> => {
  if (!isAppName(name)) throw new Error(`"${name}" given, one of ${APP_NAMES.join(", ")} accepted`);
  const say = (line: string) => console.log(`[${name}] ${line}`);
  const config = readConfig();
  const layout = layoutOf(config.root);
  await makeLayout(layout);
  const attempt = await takeTurn(layout, name, () => say("waiting for another one to start or stop"));
  if (attempt.kind === "taken") return say(`already runs under pid ${attempt.by?.pid}`);

  let running: Running | undefined;
  const endings: (() => void)[] = [];
  const end = async (code: number) => {
    for (const each of endings) each();
    await running?.stop();
    await attempt.lock.release();
    process.exit(code);
  };
  await onInterrupt(() => end(0));

  let state = await readStackState(layout.stackState);
  if (!state) say("waiting for the devstack");
  for (; !state; state = await readStackState(layout.stackState)) await sleep(POLL_MS);
  running = await startUnder(state, name, layout);
  say(`ready on ${running.url}, pid ${running.pid()}`);
  endings.push(supervise(running, say));
  const restart = () => {
    say("a source file changed");
    void running?.kill("SIGTERM");
  };
  if (config.watchesSources) endings.push(await watchSources(REPO_ROOT, name, restart));
  while (await readStackState(layout.stackState)) await sleep(POLL_MS);
  await end(0);
};

main(process.argv[2]).catch((error) => {
  console.error(`[${process.argv[2]}] ${(error as Error).message}`);
  process.exit(1);
});
