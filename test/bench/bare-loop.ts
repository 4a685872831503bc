import { Kafka, logLevel, type Message } from "kafkajs";
import { benchEvent } from "./bench-event.ts";

/*
 * The bare kafkajs loop: sends the records that our relay would send, 500 a send, acks=all, one send after the other,
 * and does nothing else. Prints records a second.
 */
const [brokers = "", topic = "", countText = "0"] = process.argv.slice(2);
const count = Number(countText);

const messageOf = (i: number): Message => ({
  key: `customer-${i % 1000}`,
  value: benchEvent("bare-loop-0000", i),
  headers: {
    "content-type": "application/cloudevents+json; charset=UTF-8",
    "spillway-entry": `0/1790000000000-0/${i % 500}`,
    "spillway-attempt": "1",
  },
});

const producer = new Kafka({ brokers: brokers.split(","), logLevel: logLevel.NOTHING }).producer({
  allowAutoTopicCreation: false,
});
await producer.connect();
const send = (from: number) =>
  producer.send({ topic, acks: -1, messages: Array.from({ length: 500 }, (_, i) => messageOf(from + i)) });
for (let i = 0; i < 20; i++) await send(i * 500);
const started = performance.now();
for (let sent = 0; sent < count; sent += 500) await send(sent);
console.log((count * 1000) / (performance.now() - started));
await producer.disconnect();
