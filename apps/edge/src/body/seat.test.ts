import { expect, test } from "vitest";
import { createSeat } from "./seat.ts";

test("one sits, the others come in the order in which they asked, and who never sat leaves nothing", async () => {
  const open = createSeat();
  const [a, b, c, d] = [open(), open(), open(), open()];
  const seated: string[] = [];
  await a.take();
  await a.take();
  for (const [name, seat] of Object.entries({ b, c })) void seat.take().then(() => seated.push(name));
  d.leave();
  await Promise.resolve();
  expect(seated).toEqual([]);
  a.leave();
  a.leave();
  await Promise.resolve();
  expect(seated).toEqual(["b"]);
  b.leave();
  await Promise.resolve();
  expect(seated).toEqual(["b", "c"]);
  c.leave();
  await d.take();
});
