import { systemClock } from "@spillway/event";
import { Kafka, logLevel, type Message } from "kafkajs";
import { benchEvent } from "./bench-event.ts";

/*
 * The bare client with the best that it can do for freshness: so many records a second, evenly spaced, and one produce after the other with
 * all that has come meanwhile. Prints how many, when it is told to end.
 */
const [brokers = "", topic = "", perSecondText = "0", secondsText = "0"] = process.argv.slice(2);
const perSecond = Number(perSecondText);
const endsAt = performance.now() + Number(secondsText) * 1_000;

const producer = new Kafka({ brokers: brokers.split(","), logLevel: logLevel.NOTHING }).producer({
  allowAutoTopicCreation: false,
});
await producer.connect();

let waiting: Message[] = [];
let made = 0;
let ended = false;

const make = async (): Promise<void> => {
  const started = performance.now();
  while (performance.now() < endsAt) {
    const due = Math.floor(((performance.now() - started) * perSecond) / 1_000);
    for (; made < due; made++)
      waiting.push({
        key: `customer-${made % 1000}`,
        value: benchEvent("merged-loop-00", made, `"postedAt":${Date.now()},`),
      });
    await systemClock.sleep(1);
  }
  ended = true;
};

const making = make();
while (!ended || waiting.length > 0) {
  if (waiting.length === 0) {
    await systemClock.sleep(1);
    continue;
  }
  const messages = waiting;
  waiting = [];
  await producer.send({ topic, acks: -1, messages });
}
await making;
console.log(made);
await producer.disconnect();
