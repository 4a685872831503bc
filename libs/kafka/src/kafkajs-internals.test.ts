import { createRequire } from "node:module";
import { beforeAll, describe, expect, test } from "vitest";
import { prepareKafkajs, type RequestQueue, requestQueueClass } from "./kafkajs-internals.ts";

const require = createRequire(import.meta.url);

type Logger = Record<"debug" | "info" | "warn" | "error", () => void>;
type Pushed = { entry: { correlationId: number }; expectResponse: boolean; sendRequest(): void };
type Queue = RequestQueue & {
  maybeThrottle(ms: number): void;
  push(request: Pushed): void;
  fulfillRequest(reply: { correlationId: number; payload: Buffer; size: number }): void;
};

const quiet = () => undefined;
const logger: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

const createQueue = (maxInFlightRequests: number): Queue => {
  const RequestQueueClass = requestQueueClass as unknown as new (options: object) => Queue;
  return new RequestQueueClass({
    maxInFlightRequests,
    requestTimeout: 1_000,
    enforceRequestTimeout: false,
    clientId: "test",
    broker: "127.0.0.1:1",
    logger,
  });
};

const request = (correlationId: number, sent: number[]): Pushed => ({
  entry: { correlationId, resolve: quiet, reject: quiet } as Pushed["entry"],
  expectResponse: true,
  sendRequest: () => void sent.push(correlationId),
});

describe("the kafkajs that the sink relies on", () => {
  beforeAll(() => prepareKafkajs());

  test("is exactly the version whose insides were read", () => {
    expect(require("kafkajs/package.json")).toMatchObject({ version: "2.2.4" });
  });

  test("runs no timer while nothing waits", () => {
    const queue = createQueue(5);
    const sent: number[] = [];
    queue.push(request(1, sent));
    queue.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 });
    expect(sent).toEqual([1]);
    expect(queue.throttleCheckTimeoutId).toBeNull();
  });

  test("sends what waits behind a full queue as soon as there is room, and keeps one timer meanwhile", () => {
    const queue = createQueue(1);
    const sent: number[] = [];
    for (const id of [1, 2, 3]) queue.push(request(id, sent));
    expect(sent).toEqual([1]);
    const timer = queue.throttleCheckTimeoutId;
    expect(timer).not.toBeNull();
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBe(timer);
    queue.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 });
    queue.fulfillRequest({ correlationId: 2, payload: Buffer.alloc(0), size: 0 });
    expect(sent).toEqual([1, 2, 3]);
    if (queue.throttleCheckTimeoutId) clearTimeout(queue.throttleCheckTimeoutId);
  });

  test("sends what a throttle held back when it is over", async () => {
    const queue = createQueue(5);
    queue.maybeThrottle(20);
    const released = new Promise<number>((resolve) => {
      queue.push({ ...request(1, []), sendRequest: () => resolve(Date.now()) });
    });
    expect(await released).toBeGreaterThanOrEqual(queue.throttledUntil);
  });

  test("is what require and import give: the patch is not on a copy", async () => {
    const { Kafka } = await import("kafkajs");
    expect(Kafka).toBe(require("kafkajs").Kafka);
    const { prototype } = require("kafkajs/src/network/requestQueue") as typeof requestQueueClass;
    expect(prototype.scheduleCheckPendingRequests).toBe(requestQueueClass.prototype.scheduleCheckPendingRequests);
    expect(prototype.scheduleCheckPendingRequests.toString()).toContain("IDLE_CHECK_MS");
  });
});
