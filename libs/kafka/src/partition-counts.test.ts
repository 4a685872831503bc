import type { Clock } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { clientTable, ofProtocolCode } from "./outcome-table.ts";
import { createPartitionCounts } from "./partition-counts.ts";

const UNKNOWN_TOPIC = ofProtocolCode(3);
const MINUTE_MS = 60_000;
const AGE_MS = 7;

/** Every promise that can go on has gone on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

const build = () => {
  let nowMs = 0;
  const asked: { resolve(count: number): void; reject(error: unknown): void }[] = [];
  const changed: string[] = [];
  const clock: Clock = { monotonicMs: () => nowMs, wallMs: () => nowMs, sleep: async () => undefined };
  const counts = createPartitionCounts({
    ask: async () => {
      const count = await new Promise<number>((resolve, reject) => void asked.push({ resolve, reject }));
      return { count, recordAgeMsMax: AGE_MS };
    },
    verdictOf: (error) => (error === "unknown topic" ? UNKNOWN_TOPIC : clientTable.connection),
    clock,
    log: (_level, event, fields) => void (event === "kafka.partitions_changed" && changed.push(String(fields?.topic))),
  });
  /** Lets the count be asked for and answered, then says what is known. */
  const learn = async (count: number) => {
    const first = counts.get("t");
    asked.at(-1)?.resolve(count);
    await first;
    await settled();
    return counts.get("t");
  };
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { counts, asked, changed, learn, pass };
};

describe("createPartitionCounts", () => {
  test("asks once for many at the same time, and then not for a minute", async () => {
    const { counts, asked, pass } = build();
    const answers = [counts.get("t"), counts.get("t")];
    asked[0]!.resolve(12);
    expect(await Promise.all(answers)).toEqual([
      { kind: "ok", count: 12, recordAgeMsMax: AGE_MS },
      { kind: "ok", count: 12, recordAgeMsMax: AGE_MS },
    ]);
    pass(MINUTE_MS - 1);
    await counts.get("t");
    expect(asked).toHaveLength(1);
  });

  test("answers from memory while it asks again, and asks at most once a second while nobody answers", async () => {
    const { counts, asked, learn, pass } = build();
    await learn(12);
    pass(MINUTE_MS);
    expect(await counts.get("t")).toEqual({ kind: "ok", count: 12, recordAgeMsMax: AGE_MS });
    expect(asked).toHaveLength(2);
    asked[1]!.reject("down");
    await settled();
    await counts.get("t");
    expect(asked).toHaveLength(2);
    pass(1_000);
    expect(await counts.get("t")).toEqual({ kind: "ok", count: 12, recordAgeMsMax: AGE_MS });
    expect(asked).toHaveLength(3);
  });

  test("says what is wrong while it knows nothing", async () => {
    const { counts, asked } = build();
    const answer = counts.get("t");
    asked[0]!.reject("down");
    expect(await answer).toEqual(clientTable.connection.outcome);
  });

  test("takes no partitions at all for metadata that is not there yet", async () => {
    const { counts, asked } = build();
    const answer = counts.get("t");
    asked[0]!.resolve(0);
    expect(await answer).toEqual(clientTable.metadata.outcome);
  });

  test("grows with the topic and has the old client replaced", async () => {
    const { changed, learn, pass } = build();
    await learn(6);
    pass(MINUTE_MS);
    expect(await learn(8)).toEqual({ kind: "ok", count: 8, recordAgeMsMax: AGE_MS });
    expect(changed).toEqual(["t"]);
  });

  test("does not believe a broker that lags behind: keys would move back and forth", async () => {
    const { changed, learn, pass } = build();
    await learn(8);
    pass(MINUTE_MS);
    expect(await learn(6)).toEqual({ kind: "ok", count: 8, recordAgeMsMax: AGE_MS });
    expect(changed).toEqual([]);
  });

  test("shrinks when the topic was deleted and made anew", async () => {
    const { counts, changed, learn, pass } = build();
    await learn(8);
    counts.met("t", UNKNOWN_TOPIC);
    expect(await learn(3)).toEqual({ kind: "ok", count: 3, recordAgeMsMax: AGE_MS });
    expect(changed).toEqual(["t"]);
    pass(MINUTE_MS);
    expect(await learn(2)).toEqual({ kind: "ok", count: 3, recordAgeMsMax: AGE_MS });
  });

  test.each([6, 3])("asks again after error %i, since the metadata is old", async (code) => {
    const { counts, asked, learn } = build();
    await learn(8);
    counts.met("t", ofProtocolCode(code));
    await counts.get("t");
    expect(asked).toHaveLength(2);
  });

  test("turns a topic that stays unknown for a minute into a pause, until it is there", async () => {
    const { counts, learn, pass } = build();
    await learn(8);
    expect(counts.met("t", UNKNOWN_TOPIC)).toEqual(UNKNOWN_TOPIC.outcome);
    pass(MINUTE_MS - 1);
    expect(counts.met("t", UNKNOWN_TOPIC)).not.toMatchObject({ pause: true });
    pass(1);
    expect(counts.met("t", UNKNOWN_TOPIC)).toMatchObject({ kind: "retriable", pause: true });
    await learn(8);
    expect(counts.met("t", UNKNOWN_TOPIC)).not.toMatchObject({ pause: true });
  });

  test("passes every other verdict on as it is", () => {
    const { counts } = build();
    for (const verdict of [ofProtocolCode(10), ofProtocolCode(29), clientTable.requestTimeout]) {
      expect(counts.met("t", verdict)).toBe(verdict.outcome);
    }
  });
});
