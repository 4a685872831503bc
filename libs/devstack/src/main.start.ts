import { setTimeout as sleep } from "node:timers/promises";
import { readConfig } from "./config.ts";
import type { DevEnv } from "./dev-env.ts";
import { onInterrupt } from "./interrupt.ts";
import { type Layout, layoutOf, makeLayout, rotateLog } from "./layout.ts";
import { isRunning, readPidRecord } from "./pid-record.ts";
import { readStackState, type StackState } from "./stack-state.ts";
import { renderBlock } from "./start/block.ts";
import { createThrottledPrinter, renderArrival, summaryOf } from "./start/line.ts";
import { postSamples } from "./start/sample.ts";
import { type Arrival, type Tail, tailTopic } from "./start/tail.ts";
import { startTurbo } from "./start/turbo.ts";

const POLL_MS = 100;
const ASK_MS = 2_000;
const APPS_READY_MS = 60_000;
const SAMPLES_BACK_MS = 60_000;

const print = (line: string) => console.log(line);

const waitUntil = async (what: string, deadlineMs: number, isTrue: () => Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + deadlineMs;
  while (!(await isTrue())) {
    if (Date.now() >= deadline) throw new Error(`${what} within ${deadlineMs / 1_000} s`);
    await sleep(POLL_MS);
  }
};

const isOk = async (url: string): Promise<boolean> => {
  const answer = await fetch(url, { signal: AbortSignal.timeout(ASK_MS) }).catch(() => undefined);
  return answer?.ok === true;
};

/** Resolves when the services and the apps answer. The first start downloads, so the services have no deadline. */
const waitForStack = async (stackState: string): Promise<DevEnv> => {
  const state = () => readStackState(stackState);
  await waitUntil("the services were not ready", Number.POSITIVE_INFINITY, async () => (await state()) !== undefined);
  const settings = (await state())?.settings;
  if (!settings) throw new Error("the devstack stopped while it started");
  const { EDGE_URL, RELAY_URL, DASHBOARD_URL } = settings;
  const urls = [`${EDGE_URL}/readyz`, `${RELAY_URL}/livez`, `${DASHBOARD_URL}/livez`];
  const answers = async () => (await Promise.all(urls.map(isOk))).every(Boolean);
  await waitUntil(`not all of ${urls.join(", ")} answered`, APPS_READY_MS, answers);
  return settings;
};

/** Sends the samples and waits until every one of them is in Kafka; then the block, and the tail goes on live. */
const showEvents = async (settings: DevEnv, devEnvFile: string): Promise<Tail> => {
  const lines = new Map<string, string>();
  let onArrival = (arrival: Arrival) => {
    const id = summaryOf(arrival.value)?.id;
    if (id) lines.set(id, renderArrival(arrival));
  };
  const tail = await tailTopic({
    brokers: settings.KAFKA_BROKERS.split(","),
    topic: settings.KAFKA_TOPIC,
    onArrival: (arrival) => onArrival(arrival),
  });
  const ids = await postSamples(settings.EDGE_URL, settings.API_KEY);
  const areBack = async () => ids.every((id) => lines.has(id));
  await waitUntil("the sample events were not read back from Kafka", SAMPLES_BACK_MS, areBack).catch((error: Error) => {
    throw new Error(`${error.message}; the last problem of the reader: ${tail.problem() ?? "none"}`);
  });
  const heading = "Spillway runs. Ctrl-C ends all of it.";
  print(renderBlock(settings, devEnvFile, heading, [...lines.values()]));
  print("Events arriving in Kafka:");
  const printer = createThrottledPrinter((line) => print(`  ${line}`));
  onArrival = (arrival) => printer.add(() => renderArrival(arrival));
  return tail;
};

/** The stack that another start runs, once it is ready; one that is stopping is waited for. */
const findOther = async (layout: Layout): Promise<StackState | undefined> => {
  const holder = await readPidRecord(layout.lock("devstack"));
  while (await isRunning(holder)) {
    const state = await readStackState(layout.stackState);
    if (state) return state;
    await sleep(POLL_MS);
  }
  return undefined;
};

const run = async (layout: Layout): Promise<number> => {
  let tail: Tail | undefined;
  let isEnding = false;
  await rotateLog(layout, "turbo");
  print("Starting Redis, Postgres, Kafka, redis-rest and the three apps (turbo dev).");
  const turbo = startTurbo({
    logFile: layout.log("turbo"),
    onSaid: print,
    onFailed: (lines) => !isEnding && print(`\nturbo dev ended by itself; its last lines:\n${lines.join("\n")}`),
  });
  const end = async () => {
    isEnding = true;
    await Promise.all([tail?.stop(), turbo.stop()]);
  };
  const interrupted = new Promise<number>((resolve) => {
    void onInterrupt(() => {
      print("\nstopping");
      void end().then(() => resolve(0));
    });
  });
  const failed = turbo.exited.then((code) => (isEnding ? interrupted : (code ?? 0) || 1));
  const shown = waitForStack(layout.stackState).then(async (settings) => {
    tail = await showEvents(settings, layout.devEnv);
    return interrupted;
  });
  try {
    return await Promise.race([interrupted, failed, shown]);
  } catch (error) {
    await end();
    throw error;
  }
};

const main = async (): Promise<number> => {
  const layout = layoutOf(readConfig().root);
  await makeLayout(layout);
  const other = await findOther(layout);
  if (!other) return run(layout);
  print(renderBlock(other.settings, layout.devEnv, `Spillway already runs (devstack pid ${other.devstack.pid}).`, []));
  return 0;
};

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error(`npm start: ${(error as Error).message}`);
    process.exit(1);
  },
);
