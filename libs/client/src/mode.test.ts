import { expect, test } from "vitest";
import { createMode, type Mode } from "./mode.ts";

const modes: readonly Mode[] = ["opening", "resting", "waiting", "sending", "closed"];
const to: Readonly<Record<Mode, readonly Mode[]>> = {
  opening: [],
  resting: ["resting"],
  waiting: ["resting", "waiting"],
  sending: ["resting", "sending"],
  closed: ["closed"],
};
const allowed: Readonly<Record<Mode, readonly Mode[]>> = {
  opening: ["resting", "closed"],
  resting: ["waiting", "sending", "closed"],
  waiting: ["waiting", "resting", "sending", "closed"],
  sending: ["resting", "closed"],
  closed: [],
};

test.each(modes.flatMap((from) => modes.map((next) => [from, next] as const)))("%s → %s", (from, next) => {
  const mode = createMode();
  for (const step of to[from]) mode.to(step);
  expect(mode.is(from)).toBe(true);
  if (allowed[from].includes(next)) mode.to(next);
  else expect(() => mode.to(next)).toThrow(`a client that is ${from} cannot be ${next}`);
});
