import { eventually } from "@spillway/backends/eventually";
import { systemClock } from "@spillway/event";
import { judge } from "../support/checker.ts";
import { startProducer } from "../support/producer.ts";
import { countTopic } from "../support/topic.ts";
import { KEY, startPipeline, startServices } from "../support/world.ts";

/*
 * `npm run demo`: 10,000 events in batches against a fresh stack of its own; the relay is killed −9 twice and Redis once
 * while they are posted; then the topic is read back. Exits 1 unless nothing is lost.
 */
const EVENTS = 10_000;
const say = (text: string) => console.log(`demo: ${text}`);

say("starting Redis, Postgres, Kafka, the edge and a relay");
const services = await startServices();
const pipeline = await startPipeline(services);
const producer = startProducer({
  urls: pipeline.edges.map((edge) => edge.url),
  apiKey: KEY,
  keys: 20,
  batch: 10,
  eventsPerSecond: 1_000,
});
const acceptedAtLeast = (count: number) => eventually(`${count} accepted`, () => producer.accepted() >= count);

const relay = pipeline.relays[0];
if (relay === undefined) throw new Error("the pipeline has no relay");
const killRelay = async () => {
  say(`${producer.accepted()} accepted: kill -9 of the relay`);
  await relay.kill("SIGKILL");
  await relay.restart();
};

try {
  await acceptedAtLeast(EVENTS * 0.2);
  await killRelay();
  await acceptedAtLeast(EVENTS * 0.4);
  say(`${producer.accepted()} accepted: kill -9 of Redis, which stays away for two seconds`);
  await services.redis.kill("SIGKILL");
  await systemClock.sleep(2_000);
  await services.redis.restart();
  await acceptedAtLeast(EVENTS * 0.7);
  await killRelay();
  await acceptedAtLeast(EVENTS);
  await producer.stop();
  say("all posted; waiting until the topic has them");
  await eventually(
    "every accepted event in Kafka",
    async () => (await countTopic(pipeline.addresses.brokers, pipeline.topic)) >= producer.accepted(),
  ).catch(() => say("the topic never held as many records as were accepted"));
  const verdict = await judge(producer.attempts, pipeline.addresses.brokers, pipeline.topic, pipeline.sql);
  const { accepted, relayed, duplicates, dead, lost, inversions } = verdict;
  console.log(
    `\n  accepted    ${accepted}\n  relayed     ${relayed}\n  duplicates  ${duplicates}\n  dead        ${dead}\n  lost        ${lost}\n  inversions  ${inversions}\n`,
  );
  process.exitCode = lost === 0 ? 0 : 1;
} finally {
  await pipeline.stop();
  await services.stop();
}
process.exit();
