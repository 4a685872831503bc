import { type Chunk, encodeChunk } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";

const IDENTITY = "0123456789abcdef";
const right = {
  identity: IDENTITY,
  dedupKey: IDENTITY,
  type: "t",
  partitionKey: "k1",
  traceparent: null,
  replay: 0,
  bytes: new TextEncoder().encode('{"id":"poison"}'),
};

const forged = (wrong: object, receivedAtMs: unknown = Date.now()): Buffer => {
  const chunk = { receivedAtMs, events: [{ ...right, ...wrong }] };
  return Buffer.from(encodeChunk(chunk as unknown as Chunk, platform));
};

/** Chunks of one event as a writer makes them that knows no types: the checksum is right, and one column is not. */
export const forgedChunks = (): readonly Buffer[] => [
  forged({ type: 7 }),
  forged({ type: null }),
  forged({ partitionKey: 7 }),
  forged({ partitionKey: { a: 1 } }),
  forged({ traceparent: 7 }),
  forged({ traceparent: "t", tracestate: 7 }),
  forged({ replay: 0.5 }),
  forged({ replay: 2 ** 40 }),
  forged({ identity: "short" }),
  forged({}, "now"),
  forged({}, 0.5),
  forged({}, -5e15),
];
