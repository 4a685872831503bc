/*
 * A client that does not run as fast as it can. `flat`: batches of 100, pausing while the bench says so.
 * `paced`: so many single events a second in open loop: a slow answer does not slow
 * the next post. Talks over stdin (`pause`, `go`, `end`) and prints one JSON line at the end.
 */
import { systemClock } from "@spillway/event";
import { benchEvent } from "./bench-event.ts";

const [mode = "", url = "", key = "", perSecondText = "0"] = process.argv.slice(2);
const prefix = crypto.randomUUID().slice(0, 13);
let counter = 0;
let paused = false;
let ended = false;
let accepted = 0;
let failed = 0;

const event = () => benchEvent(prefix, ++counter, `"postedAt":${Date.now()},`);

const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
const post = async (body: string, events: number): Promise<number> => {
  const started = performance.now();
  const response = await fetch(`${url}/v1/events`, { method: "POST", body, headers });
  await response.arrayBuffer();
  if (response.status === 202) accepted += events;
  else failed += events;
  return performance.now() - started;
};

const postFlat = async (): Promise<number[]> => {
  const worker = async () => {
    while (!ended) {
      if (paused) await systemClock.sleep(2);
      else await post(`[${Array.from({ length: 100 }, event).join(",")}]`, 100);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return [];
};

const postPaced = async (perSecond: number): Promise<number[]> => {
  const latencies: number[] = [];
  const open = new Set<Promise<void>>();
  const started = performance.now();
  for (let sent = 0; !ended; ) {
    const due = Math.floor(((performance.now() - started) * perSecond) / 1000);
    for (; sent < due; sent++) {
      const one = post(event(), 1).then((ms) => void latencies.push(ms));
      open.add(one);
      void one.finally(() => open.delete(one));
    }
    await systemClock.sleep(1);
  }
  await Promise.all(open);
  return latencies;
};

const listen = async () => {
  const decoder = new TextDecoder();
  for await (const bytes of Bun.stdin.stream()) {
    const word = decoder.decode(bytes).trim().split("\n").at(-1);
    paused = word === "pause";
    ended ||= word === "end";
  }
  ended = true;
};
const listening = listen();
const latencies = mode === "paced" ? await postPaced(Number(perSecondText)) : await postFlat();
console.log(JSON.stringify({ accepted, failed, latencies }));
await Promise.race([listening, systemClock.sleep(0)]);
process.exit(0);
