import { Redis as RestRedis } from "@upstash/redis";
import { Hono } from "hono";
import { Redis as TcpRedis } from "ioredis";
import { Kafka, logLevel } from "kafkajs";

/*
 * What a team would write instead, one handler a process: MODE=nothing parses and stores nothing; xadd-http and xadd-tcp
 * do one XADD per event; kafka waits for acks=all, the naive way. Same runtime, same framework as ours.
 */
type Event = Record<string, unknown>;
type Store = (events: readonly Event[]) => Promise<unknown>;

const required = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};

const stores: Record<string, () => Promise<Store>> = {
  nothing: async () => async () => undefined,
  "xadd-http": async () => {
    const redis = new RestRedis({
      url: required("UPSTASH_REDIS_REST_URL"),
      token: required("UPSTASH_REDIS_REST_TOKEN"),
      enableAutoPipelining: false,
      enableTelemetry: false,
      automaticDeserialization: false,
      retry: { retries: 0 },
    });
    return (events) => {
      if (events.length === 1) return redis.xadd("baseline", "*", { event: JSON.stringify(events[0]) });
      const pipeline = redis.pipeline();
      for (const event of events) pipeline.xadd("baseline", "*", { event: JSON.stringify(event) });
      return pipeline.exec();
    };
  },
  "xadd-tcp": async () => {
    const redis = new TcpRedis(required("REDIS_URL"));
    return (events) => {
      if (events.length === 1) return redis.xadd("baseline", "*", "event", JSON.stringify(events[0]));
      const pipeline = redis.pipeline();
      for (const event of events) pipeline.xadd("baseline", "*", "event", JSON.stringify(event));
      return pipeline.exec();
    };
  },
  kafka: async () => {
    const kafka = new Kafka({ brokers: required("KAFKA_BROKERS").split(","), logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const topic = required("KAFKA_TOPIC");
    return (events) =>
      producer.send({
        topic,
        acks: -1,
        messages: events.map((event) => ({ key: String(event.subject), value: JSON.stringify(event) })),
      });
  },
};

const mode = required("MODE");
const store = await stores[mode]?.();
if (store === undefined) throw new Error(`MODE is ${mode}, not one of ${Object.keys(stores).join(", ")}`);

const app = new Hono()
  .get("/livez", (c) => c.text("ok"))
  .post("/v1/events", async (c) => {
    const body = await c.req.json<Event | Event[]>();
    const events = Array.isArray(body) ? body : [body];
    await store(events);
    return c.json({ accepted: events.length }, 202);
  });

Bun.serve({ hostname: "127.0.0.1", port: Number(required("PORT")), fetch: app.fetch });
