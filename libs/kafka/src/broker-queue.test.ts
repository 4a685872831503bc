import { describe, expect, test } from "vitest";
import { CONNECTIONS_MAX } from "./broker-connections.ts";
import { BrokerQueue } from "./broker-queue.ts";
import type { BrokerConnection } from "./kafkajs-connection.ts";
import { clientTable, ofProtocolCode, type Verdict } from "./outcome-table.ts";
import { Place } from "./place.ts";
import type { PartitionBatch, ProduceAnswer } from "./produce-request.ts";

const settled = () => new Promise((resolve) => setImmediate(resolve));
const deadlines = { requestMs: 14_000, publishMs: 20_000 };

/** A broker that answers when the test says so, and time that passes when the test says so. */
const build = () => {
  let nowMs = 0;
  let timers: { readonly atMs: number; readonly act: () => void }[] = [];
  const soon: (() => void)[] = [];
  const opening: { resolve(): void; reject(error: unknown): void }[] = [];
  const requests: {
    readonly partitions: string;
    readonly connection: number;
    answer(codes?: Readonly<Record<number, number>>, throttleMs?: number): Promise<void>;
    fail(error: unknown): Promise<void>;
  }[] = [];
  const closed: number[] = [];
  let connections = 0;

  const connection = (): BrokerConnection => {
    const number = connections++;
    let isOpen = true;
    let cut: (error: unknown) => void = () => undefined;
    const produce = (batches: readonly PartitionBatch[]) =>
      new Promise<ProduceAnswer>((resolve, reject) => {
        cut = reject;
        requests.push({
          partitions: batches.map(({ partition }) => partition).join(),
          connection: number,
          answer: async (codes = {}, throttleMs = 0) => {
            const partitions = batches.map(({ topic, partition }) => {
              const errorCode = codes[partition] ?? 0;
              return { topic, partition, errorCode, baseOffset: errorCode === 0 ? 7n : -1n, refused: [] };
            });
            resolve({ partitions, throttleMs });
            await turn();
          },
          fail: async (error) => {
            reject(error);
            await turn();
          },
        });
      });
    const close = () => {
      isOpen = false;
      closed.push(number);
      cut(Object.assign(new Error("closed"), { name: "KafkaJSConnectionError" }));
    };
    return {
      get isOpen() {
        return isOpen;
      },
      produce,
      leaders: async () => [],
      fetch: async () => [],
      close,
    };
  };

  const turn = async () => {
    for (let i = 0; i < 4; i++) {
      await settled();
      for (const act of soon.splice(0)) act();
    }
    await settled();
  };
  const pass = async (ms: number) => {
    nowMs += ms;
    const due = timers.filter(({ atMs }) => atMs <= nowMs);
    timers = timers.filter(({ atMs }) => atMs > nowMs);
    for (const { act } of due) act();
    await turn();
  };

  const queue = new BrokerQueue({
    broker: "b:1",
    open: () => new Promise((resolve, reject) => void opening.push({ resolve: () => resolve(connection()), reject })),
    deadlines,
    timers: {
      nowMs: () => nowMs,
      after: (ms, act) => {
        const timer = { atMs: nowMs + ms, act };
        timers.push(timer);
        return () => {
          timers = timers.filter((one) => one !== timer);
        };
      },
      soon: (act) => void soon.push(act),
    },
    log: () => undefined,
  });
  const places = Array.from({ length: 20 }, (_, partition) => new Place("t", partition));
  const outcomes: string[] = [];
  const unwanted = new Set<number>();
  const push = async (...partitions: readonly number[]) => {
    for (const partition of partitions) {
      const settle = (verdict: Verdict | null) => void outcomes.push(`${partition}:${verdict?.outcome.code ?? "ok"}`);
      const mayStart = () => !unwanted.has(partition);
      queue.push({ place: places[partition]!, batch: Buffer.alloc(300_000), sinceMs: nowMs, mayStart, settle });
    }
    await turn();
  };
  const opened = async () => {
    for (const one of opening.splice(0)) one.resolve();
    await turn();
  };
  const refused = async () => {
    for (const one of opening.splice(0))
      one.reject(Object.assign(new Error("refused"), { name: "KafkaJSConnectionError" }));
    await turn();
  };
  const sent = () => requests.map(({ partitions }) => partitions);
  return { queue, places, unwanted, push, opened, refused, pass, turn, requests, sent, outcomes, closed, opening };
};

/** With its first connection open. */
const open = async () => {
  const broker = build();
  await broker.push(0);
  await broker.opened();
  await broker.requests[0]!.answer();
  broker.requests.length = 0;
  broker.outcomes.length = 0;
  return broker;
};

describe("the queue of a broker", () => {
  test("sends what waits together, one request at a time, up to a megabyte", async () => {
    const { push, sent, requests } = await open();
    await push(1, 2);
    await push(3, 4, 5, 6);
    expect(sent()).toEqual(["1,2"]);
    await requests[0]!.answer();
    expect(sent()).toEqual(["1,2", "3,4,5"]);
    await requests[1]!.answer();
    expect(sent()).toEqual(["1,2", "3,4,5", "6"]);
  });

  test("gives each partition its own answer", async () => {
    const { push, requests, outcomes } = await open();
    await push(1, 2, 3);
    await requests[0]!.answer({ 2: 10, 3: 6 });
    expect(outcomes).toEqual(["1:ok", "2:message_too_large", "3:not_leader_or_follower"]);
  });

  test("never has a partition twice under way, nor twice in a request", async () => {
    const { push, requests, sent } = await open();
    await push(1, 1, 2);
    expect(sent()).toEqual(["1,2"]);
    await push(1);
    await requests[0]!.answer();
    expect(sent()).toEqual(["1,2", "1"]);
    await requests[1]!.answer();
    expect(sent()).toEqual(["1,2", "1", "1"]);
  });

  test("sends a partition in trouble alone, on another connection, until it is answered well", async () => {
    const { push, requests, opened, sent } = await open();
    await push(1, 2);
    await requests[0]!.answer({ 1: 19 });
    await push(1, 2);
    await opened();
    expect(sent()).toEqual(["1,2", "2", "1"]);
    expect(requests[1]!.connection).not.toBe(requests[2]!.connection);
    // The healthy go on while it is under way.
    await requests[1]!.answer();
    await push(2);
    await requests[3]!.answer();
    await requests[2]!.answer({ 1: 19 });
    await push(1, 2);
    expect(sent().slice(4)).toEqual(["2", "1"]);
    await Promise.all([requests[4]!.answer(), requests[5]!.answer()]);
    await push(1, 2);
    expect(sent().at(-1)).toBe("1,2");
  });

  test("does not send what may not be sent any more when its turn comes", async () => {
    const { push, requests, sent, outcomes, unwanted } = await open();
    await push(1);
    await push(2, 3);
    unwanted.add(2);
    await requests[0]!.answer();
    await requests[1]!.answer();
    expect([sent(), outcomes]).toEqual([
      ["1", "3"],
      ["1:ok", "2:not_wanted", "3:ok"],
    ]);
  });

  test("leaves a partition whose records are refused for good with the others", async () => {
    const { push, requests, sent } = await open();
    await push(1, 2);
    await requests[0]!.answer({ 1: 10 });
    await push(1, 2);
    expect(sent()).toEqual(["1,2", "1,2"]);
  });

  test("waits for a late request no longer, and finds out which partition it was, each alone", async () => {
    const { push, pass, opened, requests, sent, outcomes } = await open();
    await push(1, 2);
    await push(3);
    await pass(1_000);
    await opened();
    expect(sent()).toEqual(["1,2", "3"]);
    await requests[1]!.answer();
    await requests[0]!.answer();
    expect(outcomes).toEqual(["3:ok", "1:ok", "2:ok"]);
    await push(1, 2, 3);
    await opened();
    await opened();
    expect(sent().slice(2)).toEqual(["3", "1", "2"]);
    for (const at of [2, 3]) await requests[at]!.answer();
    await pass(1_000);
    await requests[4]!.answer();
    await push(1, 2, 3);
    expect(sent().slice(5)).toEqual(["1,3", "2"]);
  });

  test("keeps a connection for what goes together, however many are in trouble", async () => {
    const { push, requests, opened, places, sent } = await open();
    const ailing = places.map(({ partition }) => partition).filter((partition) => partition > 0);
    for (const partition of ailing) await push(partition);
    for (let at = 0; at < requests.length; at++)
      await requests[at]!.answer(Object.fromEntries(ailing.map((p) => [p, 7])));
    const before = requests.length;
    await push(...ailing);
    for (let i = 0; i < CONNECTIONS_MAX; i++) await opened();
    expect(sent().slice(before)).toEqual(ailing.slice(0, CONNECTIONS_MAX - 1).map(String));
    await push(0);
    await opened();
    expect(sent().at(-1)).toBe("0");
  });

  test("ends a request that is not answered in its time: unknown, and its connection goes", async () => {
    const { push, pass, requests, outcomes, closed } = await open();
    await push(1, 2);
    await pass(1_000);
    await pass(deadlines.requestMs - 1_000);
    expect(outcomes).toEqual(["1:request_timeout", "2:request_timeout"]);
    expect(new Set(closed)).toEqual(new Set([requests[0]!.connection]));
  });

  test("fails what waits when the broker cannot be reached, and tries again with the next", async () => {
    const { push, refused, opened, outcomes, sent } = build();
    await push(1, 2);
    await refused();
    expect(outcomes).toEqual(["1:connection_failed", "2:connection_failed"]);
    await push(1);
    await opened();
    expect(sent()).toEqual(["1"]);
  });

  test("gives up what could not be answered in its time any more, without having sent it", async () => {
    const { push, pass, outcomes, sent } = build();
    await push(1);
    for (let ms = 0; ms <= deadlines.publishMs - deadlines.requestMs; ms += 1_000) await pass(1_000);
    expect(outcomes).toEqual(["1:publish_timeout"]);
    expect(sent()).toEqual([]);
  });

  test("drops a connection in doubt, and keeps one whose answer was only an error", async () => {
    const { push, requests, closed } = await open();
    await push(1, 2);
    await requests[0]!.answer({ 1: 6 });
    expect(closed).toEqual([]);
    await push(2);
    await requests[1]!.answer({ 2: 13 });
    expect([ofProtocolCode(13).client, closed]).toEqual(["replace", [requests[1]!.connection]]);
  });

  test("sends nothing while the broker says that it is too much", async () => {
    const { push, pass, requests, sent } = await open();
    await push(1);
    await requests[0]!.answer({}, 300);
    await push(2);
    expect(sent()).toEqual(["1"]);
    await pass(300);
    expect(sent()).toEqual(["1", "2"]);
  });

  test("takes an answer without a word about a partition for no confirmation", async () => {
    const { push, requests, outcomes } = await open();
    await push(1);
    await requests[0]!.fail(new RangeError("short"));
    expect(outcomes).toEqual([`1:${clientTable.unknown.outcome.code}`]);
  });

  test("closes when what is under way is answered, and sends nothing after", async () => {
    const { queue, push, requests, outcomes } = await open();
    await push(1);
    await push(2);
    const closing = queue.close(5_000);
    await requests[0]!.answer();
    await closing;
    await push(3);
    expect(outcomes).toEqual(["2:client_closed", "1:ok", "3:client_closed"]);
    expect(requests).toHaveLength(1);
  });

  test("cuts what is under way when it takes too long to close", async () => {
    const { queue, push, pass, outcomes } = await open();
    await push(1);
    const closing = queue.close(5_000);
    await pass(5_000);
    await closing;
    expect(outcomes).toEqual(["1:connection_failed"]);
  });
});
