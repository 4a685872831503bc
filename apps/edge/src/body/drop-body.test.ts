import { createManualClock, settlePromises } from "@spillway/memory";
import { describe, expect, test } from "vitest";
import { createFairYield } from "../fair-yield.ts";
import { createDropBody } from "./drop-body.ts";

const limits = { bodyBytesMax: 1_000, bodiesBytesMax: 6_000, bodyTimeoutMs: 30_000 };
const PART_BYTES = 100;

/** A request whose body has a part for whoever asks, up to so many; `Infinity` never ends, and `stalls` sends no more then. */
const setup = (parts: number, { headers = {}, stalls = false }: { headers?: HeadersInit; stalls?: boolean } = {}) => {
  const clock = createManualClock();
  let given = 0;
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        if (given < parts) {
          given++;
          controller.enqueue(new Uint8Array(PART_BYTES));
        } else if (stalls) return new Promise<void>(() => undefined);
        else controller.close();
      },
      cancel: () => {
        isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  const init = { method: "POST", headers, body, duplex: "half" } as RequestInit;
  const request = new Request("http://edge/", init);
  const response = new Response(null, { status: 401 });
  const drop = createDropBody({ clock, fairYield: createFairYield() }, limits);
  return {
    clock,
    request,
    drop: () => drop(request, response),
    connection: () => response.headers.get("connection"),
    given: () => given * PART_BYTES,
    isCancelled: () => isCancelled,
  };
};

describe("a body that nobody has read", () => {
  test("is taken off the connection to its end", async () => {
    const world = setup(20);
    await world.drop();
    expect([world.given(), world.connection(), world.isCancelled()]).toEqual([2_000, null, false]);
  });

  test("is left after twice what a body may have", async () => {
    const world = setup(Infinity);
    await world.drop();
    expect([world.given(), world.isCancelled()]).toEqual([2_000 + PART_BYTES, true]);
  });

  test("is not begun where it announces more than that", async () => {
    const world = setup(Infinity, { headers: { "content-length": "2001" } });
    await world.drop();
    expect([world.given(), world.connection()]).toEqual([0, "close"]);
  });

  test("is left after the time that a body has", async () => {
    const world = setup(1, { stalls: true });
    let isDone = false;
    const dropped = world.drop()?.then(() => {
      isDone = true;
    });
    await world.clock.advance(limits.bodyTimeoutMs - 1);
    await settlePromises();
    expect(isDone).toBe(false);
    await world.clock.advance(1);
    await dropped;
    expect([world.isCancelled(), world.connection()]).toEqual([true, "close"]);
  });

  test("is not waited for where its client waits, and that connection ends", async () => {
    for (const expect_ of ["100-Continue", "junk"]) {
      const world = setup(0, { stalls: true, headers: { expect: expect_ } });
      await world.drop();
      expect(world.connection()).toBe("close");
    }
    const met = setup(3, { headers: { expect: "100-continue" } });
    await met.drop();
    expect([met.given(), met.connection()]).toEqual([300, null]);
  });

  test("is left to the server where a trailer follows that it would refuse in its own words", async () => {
    const world = setup(3, { headers: { trailer: "x-checksum" } });
    await world.drop();
    expect([world.given(), world.connection()]).toEqual([0, "close"]);
  });
});

test("no more is under way than all bodies may hold, and the answer to what is beyond goes out at once", async () => {
  const drop = createDropBody({ clock: createManualClock(), fairYield: createFairYield() }, limits);
  let ends: (() => void)[] = [];
  const start = async () => {
    const body = new ReadableStream<Uint8Array>({ start: (c) => void ends.push(() => c.close()) });
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    let isAnswered = false;
    const answered = drop(new Request("http://edge/", init), new Response(null))?.then(() => {
      isAnswered = true;
    });
    await settlePromises();
    return { isAnswered: () => isAnswered, answered };
  };
  const held = [await start(), await start(), await start()];
  expect([...held, await start()].map((one) => one.isAnswered())).toEqual([false, false, false, true]);
  for (const end of ends.splice(0, 3)) end();
  await Promise.all(held.map((one) => one.answered));
  ends = [];
  expect((await start()).isAnswered()).toBe(false);
});

test("a body that was read, or is none, is nobody's concern", async () => {
  const read = setup(3, { headers: { expect: "junk" } });
  await read.request.arrayBuffer();
  await read.drop();
  expect(read.connection()).toBe(null);
  const drop = createDropBody({ clock: createManualClock(), fairYield: createFairYield() }, limits);
  const response = new Response(null);
  await drop(new Request("http://edge/", { headers: { expect: "junk" } }), response);
  expect(response.headers.has("connection")).toBe(false);
});
