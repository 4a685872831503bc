import { until } from "@spillway/backends";
import { renderBlock } from "./block.ts";
import type { DevEnv } from "./dev-env.ts";
import { createThrottledPrinter, renderArrival, summaryOf } from "./line.ts";
import { runAndExit, TooLate } from "./run.ts";
import { postSamples } from "./sample.ts";
import { type Arrival, tailTopic } from "./tail.ts";

const ASK_MS = 2_000;
const APPS_READY_MS = 60_000;
const SAMPLES_BACK_MS = 60_000;

const isOk = async (url: string) => (await fetch(url, { signal: AbortSignal.timeout(ASK_MS) })).ok;

/** Sends the samples and waits until every one of them is in Kafka; then the block, and the tail goes on live. */
const showEvents = async (settings: DevEnv, devEnvFile: string): Promise<void> => {
  const ready = `${settings.EDGE_URL}/readyz`;
  if (!(await until(() => isOk(ready), APPS_READY_MS))) throw new TooLate(`${ready} did not answer 200`);
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
  if (!(await until(async () => ids.every((id) => lines.has(id)), SAMPLES_BACK_MS)))
    throw new TooLate(`the sample events were not read back from Kafka; the reader's last problem: ${tail.problem()}`);
  console.log(renderBlock(settings, devEnvFile, "Spillway runs. Ctrl-C ends all of it.", [...lines.values()]));
  console.log("Events arriving in Kafka:");
  const show = createThrottledPrinter((line) => console.log(`  ${line}`));
  onArrival = (arrival) => show(() => renderArrival(arrival));
};

/* `npm start`. */
runAndExit({ showsLogs: false, watchesSources: () => false, appsReadyMs: APPS_READY_MS, onReady: showEvents });
