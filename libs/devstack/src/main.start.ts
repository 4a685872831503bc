import { eventually } from "@spillway/backends";
import { renderBlock } from "./block.ts";
import type { DevEnv } from "./dev-env.ts";
import { createThrottledPrinter, renderArrival, summaryOf } from "./line.ts";
import { runAndExit } from "./run.ts";
import { postSamples } from "./sample.ts";
import { type Arrival, tailTopic } from "./tail.ts";

const ASK_MS = 2_000;

const isOk = async (url: string) => (await fetch(url, { signal: AbortSignal.timeout(ASK_MS) })).ok;

/** Sends the samples and waits until every one of them is in Kafka; then the block, and the tail goes on live. */
const showEvents = async (settings: DevEnv, devEnvFile: string): Promise<void> => {
  const ready = `${settings.EDGE_URL}/readyz`;
  await eventually(`200 from ${ready}`, () => isOk(ready));
  const lines = new Map<string, string>();
  let onArrival = (arrival: Arrival) => {
    const id = summaryOf(arrival.message.value)?.id;
    if (id) lines.set(id, renderArrival(arrival));
  };
  const problem = await tailTopic({
    brokers: settings.KAFKA_BROKERS.split(","),
    topic: settings.KAFKA_TOPIC,
    onArrival: (arrival) => onArrival(arrival),
  });
  const ids = await postSamples(settings.EDGE_URL, settings.API_KEY);
  await eventually("the sample events to be read back from Kafka", () => {
    if (ids.every((id) => lines.has(id))) return true;
    throw new Error(`the reader's last problem: ${problem()}`);
  });
  console.log(renderBlock(settings, devEnvFile, [...lines.values()]));
  console.log("Events arriving in Kafka:");
  const show = createThrottledPrinter((line) => console.log(`  ${line}`));
  onArrival = (arrival) => show(() => renderArrival(arrival));
};

/* `npm start`. */
runAndExit({ isEdited: false, onReady: showEvents });
