import { expect, test } from "vitest";
import { decodeChunk } from "./chunk.ts";
import { platform } from "./platform.node.ts";
import { replayChunk } from "./replay.ts";
import { sealEvent } from "./seal.ts";

test.each([null, "customer-1"])(
  "with the partition key %j every life is one event with a dedup key of its own",
  (key) => {
    const attributes = { id: "1", source: "/s", type: "t", partitionKey: key, traceparent: null };
    const first = sealEvent(attributes, Uint8Array.of(1, 2), 8, platform, "shop");
    const lives = [{ shard: first.shard, event: first, dedupKeys: first.dedupKey }];
    for (let life = 0; life < 3; life++) {
      const { shard, chunk, dedupKeys } = replayChunk(lives.at(-1)?.event ?? first, 7, 8, platform);
      const [event] = decodeChunk(chunk, platform).events;
      lives.push({ shard, dedupKeys, event: { ...first, ...event } });
    }
    expect(lives.map(({ event }) => event.replay)).toEqual([0, 1, 2, 3]);
    expect(new Set(lives.map(({ shard }) => shard))).toEqual(new Set([first.shard]));
    expect(new Set(lives.map(({ event }) => event.identity))).toEqual(new Set([first.identity]));
    expect(new Set(lives.map(({ dedupKeys }) => dedupKeys)).size).toBe(4);
    expect(lives.map(({ event }) => event.dedupKey)).toEqual(lives.map(({ dedupKeys }) => dedupKeys));
  },
);
