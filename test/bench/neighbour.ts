/*
 * A neighbour: posts batches of 50 at a moderate rate, all of one type, on many keys or on one. Talks over stdin (`end`) and
 * prints one JSON line: how many events were accepted, and how many were not.
 */
import { systemClock } from "@spillway/event";

const [url = "", key = "", type = "", spread = "many", perSecondText = "0"] = process.argv.slice(2);
const BATCH = 50;
const PAD_BYTES = 500;
const prefix = crypto.randomUUID().slice(0, 13);
let counter = 0;
let ended = false;
let accepted = 0;
let failed = 0;

/** Random, so that a limit of the topic's on compressed bytes is met by each. */
const pad = (): string => Buffer.from(crypto.getRandomValues(new Uint8Array((PAD_BYTES * 3) / 4))).toString("base64");

const event = (): object => {
  const id = ++counter;
  const subject = spread === "one" ? "one" : `neighbour-${id % 1_000}`;
  return { id: `${prefix}-${id}`, source: "/bench", type, subject, data: { pad: pad() } };
};

const post = async (): Promise<void> => {
  const response = await fetch(`${url}/v1/batch`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(Array.from({ length: BATCH }, event)),
  });
  const answer = await response.text();
  const stored = response.status === 207 ? (JSON.parse(answer) as { accepted: number }).accepted : BATCH;
  const taken = response.ok ? stored : 0;
  accepted += taken;
  failed += BATCH - taken;
};

const postPaced = async (perSecond: number): Promise<void> => {
  const started = performance.now();
  for (let sent = 0; !ended; ) {
    const due = ((performance.now() - started) * perSecond) / 1_000;
    if (sent + BATCH > due) await systemClock.sleep(5);
    else {
      await post();
      sent += BATCH;
    }
  }
};

const listen = async (): Promise<void> => {
  for await (const _ of Bun.stdin.stream()) break;
  ended = true;
};
void listen();
await postPaced(Number(perSecondText));
console.log(JSON.stringify({ accepted, failed }));
process.exit(0);
