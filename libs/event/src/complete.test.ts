import fc from "fast-check";
import { expect, test } from "vitest";
import type { Defaults } from "./event.ts";
import { readBody } from "./read.ts";

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.info(`complete.test.ts SEED=${seed}`);

const defaults: Defaults = { source: "/key", nowMs: 0, newId: () => "new-id", traceparent: null };
const limits = { eventBytesMax: 10_000, depthMax: 16, batchEventsMax: 20 };
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const space = fc.constantFrom("", "", " ", "\n\t");
const escaped = (text: string) => text.replace(/^./, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`);
const values: Readonly<Record<string, readonly string[]>> = {
  specversion: ['"1.0"', "null"],
  id: ['"a"', '"\\u0061"', "null"],
  source: ['"/s"', "null"],
  time: ['"2020-01-01T00:00:00Z"', "null"],
  type: ['"t"'],
  subject: ['"null"', "null"],
  data: ['{"id":null,"id":"b","time":null,"n":1e400}', "null", '"}"', '[null,"\\""]'],
  x: ['"null,"', "null", "7"],
};
const member = fc.constantFrom(...Object.keys(values)).chain((name) =>
  fc.record({
    name: fc.constant(name),
    written: fc.constantFrom(`"${name}"`, `"${escaped(name)}"`),
    value: fc.constantFrom(...(values[name] as string[])),
    gaps: fc.tuple(space, space, space, space),
  }),
);
const anyMembers = fc.uniqueArray(member, { maxLength: 8, selector: ({ name }) => name });
type Members = (typeof anyMembers extends fc.Arbitrary<infer T> ? T : never) | readonly [];

const textOf = (members: Members): string =>
  `{${members.map(({ written, value, gaps: [a, b, c, d] }) => `${a}${written}${b}:${c}${value}${d}`).join(",")}}`;

const type: Members = [{ name: "type", written: '"type"', value: '"t"', gaps: ["", "", "", ""] }];
const filling: Readonly<Record<string, string>> = {
  specversion: '"1.0"',
  id: '"new-id"',
  source: '"/key"',
  time: '"1970-01-01T00:00:00.000Z"',
};

test("what is left out is put in front, what is null is replaced where it stands, and nothing else is touched", () => {
  fc.assert(
    fc.property(anyMembers, (members) => {
      const all: Members = members.some(({ name }) => name === "type") ? members : [...members, ...type];
      const missing = Object.keys(filling).filter((name) => !all.some((each) => each.name === name));
      const front = missing.map((name) => `"${name}":${filling[name]},`).join("");
      const replaced = all.map((each) =>
        each.value === "null" ? { ...each, value: filling[each.name] ?? "null" } : each,
      );
      const read = readBody(new TextEncoder().encode(textOf(all)), defaults, limits);
      if (read.kind !== "single" || read.event.kind !== "ok") throw new Error(JSON.stringify(read));
      const text = decode(read.event.bytes);
      expect(text).toBe(`{${front}${textOf(replaced).slice(1)}`);
      const { id, source } = read.event.attributes;
      expect(JSON.parse(text)).toMatchObject({ id, source, specversion: "1.0" });
    }),
    { seed, numRuns: 2_000 },
  );
});

test("an event that has any member twice is refused: readers would not agree on what it is", () => {
  fc.assert(
    fc.property(anyMembers, fc.nat(), member, (members, place, more) => {
      const all = [...members.filter(({ name }) => name !== "type" && name !== more.name), ...type, more];
      all.splice(place % all.length, 0, more.name === "type" ? (type[0] as typeof more) : more);
      const event = readBody(new TextEncoder().encode(textOf(all)), defaults, limits);
      expect(event).toMatchObject({ kind: "single", event: { code: "duplicate_member", pointer: `/${more.name}` } });
    }),
    { seed, numRuns: 500 },
  );
});
