import { expect, test } from "vitest";
import { Seat, Seats } from "./seat.ts";

test("one sits, the others come in the order in which they asked, and who never sat leaves nothing", async () => {
  const seats = new Seats();
  const [a, b, c, d] = [new Seat(seats), new Seat(seats), new Seat(seats), new Seat(seats)];
  const seated: string[] = [];
  await a.take();
  await a.take();
  for (const [name, seat] of Object.entries({ b, c })) void seat.take().then(() => seated.push(name));
  d.leave(true);
  await Promise.resolve();
  expect(seated).toEqual([]);
  a.leave(true);
  a.leave(true);
  await Promise.resolve();
  expect(seated).toEqual(["b"]);
  b.leave(false);
  await Promise.resolve();
  expect(seated).toEqual(["b", "c"]);
  c.leave(true);
  await d.take();
});

test("a refused body leaves its buffer to the next one that it is large enough for, a kept one does not", async () => {
  const seats = new Seats();
  const sit = async (bytes: number, keeps: boolean) => {
    const seat = new Seat(seats);
    await seat.take();
    const buffer = seat.buffer(bytes);
    seat.leave(keeps);
    seat.leave(false);
    return buffer;
  };
  const refused = await sit(1_000, false);
  expect(await sit(900, false)).toBe(refused);
  const larger = await sit(2_000, false);
  expect(larger).not.toBe(refused);
  const kept = await sit(2_000, true);
  expect(kept).toBe(larger);
  const next = await sit(500, true);
  expect(next).not.toBe(kept);
  expect(next.length).toBe(500);
});

test("who leaves without having made a buffer takes nobody's", async () => {
  const seats = new Seats();
  const [a, b, c] = [new Seat(seats), new Seat(seats), new Seat(seats)];
  await a.take();
  const left = a.buffer(100);
  a.leave(false);
  await b.take();
  b.leave(false);
  await c.take();
  expect(c.buffer(100)).toBe(left);
});

test("garbage is collected when 16 MiB of large bodies were left, kept or not", async () => {
  let collected = 0;
  const seats = new Seats(() => collected++);
  const seen: number[] = [];
  for (let i = 0; i < 10; i++) {
    const seat = new Seat(seats);
    await seat.take();
    seat.buffer(4 * 1024 * 1024);
    seat.leave(i % 2 === 0);
    seen.push(collected);
  }
  expect(seen).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1, 2]);
});
