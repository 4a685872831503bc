import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Defaults } from "./event.ts";
import { beginsOneEvent, readBatch, readBody, readEvent, readLines } from "./read.ts";

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
console.info(`read.test.ts SEED=${seed}`);

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const defaults: Defaults = { source: "/key", nowMs: 1_700_000_000_000, newId: () => "new-id", traceparent: null };
const limits = { eventBytesMax: 10_000, depthMax: 16, batchEventsMax: 20 };
const read = (text: string) => readEvent(encode(text), defaults, limits);

describe("a single event", () => {
  test("with every required member keeps its bytes exactly, odd numbers, duplicate members and spaces included", () => {
    const text =
      ' {"specversion":"1.0", "id":"a","source":"/s","time":"2026-11-21T00:00:00Z","type":"t","data":{"n":1e400,"m":9007199254740993,"x":1,"x":-0.0,"s":"\\ud800"}} \n';
    const event = read(text);
    expect(event.kind === "ok" && decode(event.bytes)).toBe(text);
  });

  test("without them gets them in front of its own bytes", () => {
    const event = read('{ "type":"t","data":1.50}');
    expect(event.kind === "ok" && decode(event.bytes)).toBe(
      '{"specversion":"1.0","id":"new-id","source":"/key","time":"2023-11-14T22:13:20.000Z", "type":"t","data":1.50}',
    );
  });

  test.each(['"extra":-1', '"extra":0', '"extra":2147483647', '"data":1.0', '"data":1e2', '"data":-0.0'])(
    "may hold %s",
    (member) => {
      const text = `{"specversion":"1.0","id":"a","source":"/s","time":"2026-11-21T00:00:00Z","type":"t",${member}}`;
      const event = read(text);
      expect(event.kind === "ok" && decode(event.bytes)).toBe(text);
    },
  );

  test("takes its partition key from partitionkey, else subject, else has none", () => {
    const key = (text: string) => {
      const event = read(text);
      return event.kind === "ok" ? event.attributes.partitionKey : event;
    };
    expect(key('{"type":"t","partitionkey":"p","subject":"s"}')).toBe("p");
    expect(key('{"type":"t","subject":"s"}')).toBe("s");
    expect(key('{"type":"t"}')).toBe(null);
    expect(key('{"type":"t","subject":null}')).toBe(null);
  });

  const refused: [string, string, string][] = [
    ["{}", "missing_attribute", "/type"],
    ["[]", "not_an_object", ""],
    ["{", "invalid_json", ""],
    ['\ufeff{"type":"t"}', "invalid_json", ""],
    ['{"type":""}', "invalid_attribute", "/type"],
    ['{"type":1}', "invalid_attribute", "/type"],
    ['{"type":"a\\u0000"}', "invalid_attribute", "/type"],
    ['{"type":"\\ud800"}', "invalid_attribute", "/type"],
    [`{"type":"${"x".repeat(1025)}"}`, "invalid_attribute", "/type"],
    ['{"type":null}', "missing_attribute", "/type"],
    ['{"type":"t","id":"a","id":"a"}', "duplicate_member", "/id"],
    ['{"type":"t","data":1,"\\u0064ata":2}', "duplicate_member", "/data"],
    ['{"type":"t","id":null,"x":1,"y":2,"id":"a"}', "duplicate_member", "/id"],
    ['{"type":"t","__proto__":1,"__proto__":2}', "duplicate_member", "/__proto__"],
    ['{"type":"t","data":null,"data_base64":"AA=="}', "conflicting_data", "/data_base64"],
    ['{"type":"t","data_base64":"AB=="}', "invalid_attribute", "/data_base64"],
    ['{"type":"t","data_base64":"AAB="}', "invalid_attribute", "/data_base64"],
    ['{"type":"t","subject":""}', "invalid_attribute", "/subject"],
    ['{"type":"t","subject":"\\uffff"}', "invalid_attribute", "/subject"],
    ['{"type":"t","x":"\\ud83f\\udffe"}', "invalid_attribute", "/x"],
    ['{"type":"t","id":"\ufdd0"}', "invalid_attribute", "/id"],
    ['{"type":"t","specversion":"0.3"}', "unsupported_specversion", "/specversion"],
    ['{"type":"t","time":"yesterday"}', "invalid_attribute", "/time"],
    ['{"type":"t","userId":"u"}', "invalid_attribute_name", "/userId"],
    ['{"type":"t","a/b~c":"u"}', "invalid_attribute_name", "/a~1b~0c"],
    ['{"type":"t","__proto__":{"admin":true}}', "invalid_attribute_name", "/__proto__"],
    ['{"type":"t","extra":{"a":1}}', "invalid_attribute", "/extra"],
    ['{"type":"t","extra":1.5}', "invalid_attribute", "/extra"],
    ['{"type":"t","extra":1.0}', "invalid_attribute", "/extra"],
    ['{"type":"t","extra":1e2}', "invalid_attribute", "/extra"],
    ['{"type":"t","extra":100e-2}', "invalid_attribute", "/extra"],
    ['{"type":"t","extra":-1E0}', "invalid_attribute", "/extra"],
    ['{"type":"t","extra":2147483647.0000000001}', "invalid_attribute", "/extra"],
    ['{"type":"t","data":1,"data_base64":"AA=="}', "conflicting_data", "/data_base64"],
    ['{"type":"t","data_base64":"?"}', "invalid_attribute", "/data_base64"],
    [`{"type":"t","data":${"[".repeat(16)}${"]".repeat(16)}}`, "event_too_deep", ""],
    [`{"type":"t","data":"${"x".repeat(10_000)}"}`, "event_too_large", ""],
  ];
  test.each(refused)("%s is refused as %s at %s", (text, code, pointer) => {
    expect(read(text)).toMatchObject({ kind: "invalid", code, pointer });
  });

  test("of 16 levels is still accepted where 16 is the limit", () => {
    expect(read(`{"type":"t","data":${"[".repeat(15)}"]]"${"]".repeat(15)}}`).kind).toBe("ok");
  });

  test("that is not UTF-8 is refused, not repaired", () => {
    const bytes = Uint8Array.from([...encode('{"type":"'), 0xff, ...encode('"}')]);
    expect(readEvent(bytes, defaults, limits)).toMatchObject({ kind: "invalid", code: "invalid_encoding" });
  });
});

describe("a batch", () => {
  test("is cut into its elements' own bytes, whatever JSON they hold", () => {
    const item = fc.record({ type: fc.constant("t"), id: fc.uuid(), data: fc.jsonValue({ maxDepth: 4 }) });
    const space = fc.constantFrom("", " ", "\n\t ", "\r\n");
    fc.assert(
      fc.property(fc.array(item, { maxLength: 20 }), space, fc.constantFrom(0, 2), (events, gap, indent) => {
        const texts = events.map((event) => JSON.stringify(event, null, indent));
        const array = `${gap}[${gap}${texts.join(`${gap},${gap}`)}${gap}]${gap}`;
        for (const body of [array, `${gap}{${gap}"ev\\u0065nts"${gap}:${array}}${gap}`]) {
          const batch = readBatch(encode(body), defaults, { eventBytesMax: 1e6, depthMax: 32, batchEventsMax: 20 });
          const cut = batch.kind === "ok" ? batch.events : [];
          expect(cut.length).toBe(texts.length);
          cut.forEach((event, i) => {
            const text = texts[i] as string;
            expect(event.kind === "ok" && decode(event.bytes).endsWith(text.slice(1))).toBe(true);
          });
        }
      }),
      { seed, numRuns: 300 },
    );
  });

  test("keeps good events beside bad ones, in their places", () => {
    const batch = readBatch(encode('[{"type":"a"}, 7 ,{"id":"x"},{"type":"b"}]'), defaults, limits);
    expect(batch.kind === "ok" && batch.events.map((event) => event.kind)).toEqual(["ok", "invalid", "invalid", "ok"]);
  });

  test("is told from a single event by its form", () => {
    expect(readBody(encode('{"type":"t","events":[]}'), defaults, limits).kind).toBe("single");
    expect(readBody(encode('{"events":[]}'), defaults, limits)).toEqual({ kind: "ok", events: [] });
    expect(readBatch(encode('{"type":"t"}'), defaults, limits)).toMatchObject({
      kind: "malformed",
      code: "not_a_batch",
    });
  });
});

describe("beyond a limit", () => {
  const good = (id: string) => `{"type":"t","id":"${id}"}`;
  const bad: readonly (readonly [string, string])[] = [
    ["event_too_deep", `{"type":"t","data":${"[".repeat(4_000)}${"]".repeat(4_000)}}`],
    ["event_too_large", `{"type":"t","data":"${"x".repeat(20_000)}"}`],
    ["too_many_members", `{"type":"t"${Array.from({ length: 100 }, (_, i) => `,"x${i}":0`).join("")}}`],
    ["not_an_object", "[[],[]]"],
  ];
  test.each(bad)("an event that is %s spoils no other of its batch", (code, text) => {
    for (const body of [`[${good("a")}, ${text} ,${good("b")}]`, `${good("a")}\n${text}\n${good("b")}\n`]) {
      const read = body.startsWith("[") ? readBatch : readLines;
      const batch = read(encode(body), defaults, limits);
      const seen = batch.kind === "ok" ? batch.events : [];
      expect(seen.map((event) => (event.kind === "ok" ? event.attributes.id : event.code))).toEqual(["a", code, "b"]);
    }
  });

  test("a hundred members are allowed", () => {
    expect(read(`{"type":"t"${Array.from({ length: 99 }, (_, i) => `,"x${i}":0`).join("")}}`).kind).toBe("ok");
  });
});

describe("an envelope", () => {
  test.each(['{"events":[{"type":"t"}],"id":"lost"}', '{"id":"lost","data":1,"events":[]}'])(
    "with another member is refused, since one of the two would be dropped: %s",
    (text) => {
      const body = readBody(encode(text), defaults, limits);
      expect(body).toMatchObject({ kind: "single", event: { code: "ambiguous_event", pointer: "/events" } });
    },
  );

  test("is told from an event that has an attribute of that name", () => {
    expect(readBody(encode('{"events":"x","type":"t"}'), defaults, limits)).toMatchObject({ event: { kind: "ok" } });
    expect(readBody(encode('{"events":[],"type":"t"}'), defaults, limits)).toMatchObject({
      event: { code: "invalid_attribute", pointer: "/events" },
    });
  });
});

describe("a beginning", () => {
  const space = fc.stringMatching(/^[ \t\r\n]{0,60}$/);
  const name = fc.constantFrom(
    '"events"',
    '"\\u0065vents"',
    '"\\u0065\\u0076\\u0065\\u006e\\u0074\\u0073"',
    '"event"',
    '"type"',
  );
  const body = fc
    .tuple(space, fc.constantFrom("[", "{", "3", ""), space, name, space, fc.constantFrom(":[", ":3,", ""), space)
    .map((parts) => parts.join(""));

  test("that is said to be of one event is none of a batch, wherever it was cut", () => {
    fc.assert(
      fc.property(body, fc.nat(400), (text, cut) => {
        const end = text.includes(":[") ? "]".concat(text.includes("{") ? "}" : "") : "";
        for (const whole of [text, text + end]) {
          if (!beginsOneEvent(encode(whole.slice(0, cut)))) continue;
          expect(readBody(encode(whole), defaults, limits).kind).not.toBe("ok");
        }
      }),
      { seed, numRuns: 2_000 },
    );
  });

  test.each([
    [`{"type":"t","data":"${"x".repeat(50)}`, true],
    [`  {"0":1,"1":1,${'"2":1,'.repeat(20)}`, true],
    [`{"event":[${" ".repeat(50)}`, true],
    [`3${"4".repeat(50)}`, true],
    [`{"events":[${" ".repeat(50)}`, false],
    [`{ "\\u0065vents" : [${" ".repeat(50)}`, false],
    [`[${"[".repeat(50)}`, false],
    [" ".repeat(100), false],
    [`{${" ".repeat(100)}`, false],
    ['{"type":"t"', false],
  ])("%.20s: %j", (text, expected) => {
    expect(beginsOneEvent(encode(text))).toBe(expected);
  });
});

describe("too many events", () => {
  test("are refused", () => {
    const zeros = encode(`[${"0,".repeat(2_000_000)}0]`);
    const tooMany = { kind: "malformed", code: "batch_too_large" };
    expect(readBatch(zeros, defaults, limits)).toMatchObject(tooMany);
    expect(readLines(encode("0\n".repeat(21)), defaults, limits)).toMatchObject(tooMany);
    expect(readLines(encode("0\n".repeat(20)), defaults, limits).kind).toBe("ok");
  });
});

describe("a mistake is told with what was meant", () => {
  test.each([
    ["partitionKey", "partitionkey"],
    ["partition_key", "partitionkey"],
    ["dataContentType", "datacontenttype"],
    ["data-schema", "dataschema"],
    ["dataBase64", "data_base64"],
    ["specVersion", "specversion"],
    ["eventType", "type"],
    ["event_id", "id"],
    ["Subject", "subject"],
    ["tenantId", "tenantid"],
  ])("%s: did you mean %s?", (name, meant) => {
    const detail = `an attribute's name is 1 to 64 of a-z and 0-9; did you mean "${meant}"?`;
    expect(read(`{"type":"t","${name}":"x"}`)).toMatchObject({
      code: "invalid_attribute_name",
      detail,
      pointer: `/${name}`,
    });
  });

  test.each(["é", "", "x".repeat(65)])("%s: nobody knows", (name) => {
    expect(read(`{"type":"t","${name}":"x"}`)).toMatchObject({
      detail: expect.stringContaining('put other content into "data"'),
    });
  });

  test.each<readonly [number[], string, string]>([
    [[0xef, 0xbb, 0xbf, 0x7b, 0x7d], "invalid_json", "not valid JSON: it begins with a byte order mark"],
    [[0x1f, 0x8b, 8], "invalid_json", "not valid JSON: it looks like gzip, which Content-Encoding has to say"],
    [[0x28, 0xb5, 0x2f, 0xfd], "invalid_encoding", "not valid UTF-8: it looks like zstd; accepted is gzip"],
    [[0xff, 0xfe, 0x7b, 0], "invalid_encoding", "not valid UTF-8: it looks like UTF-16"],
    [[0xfe, 0xff, 0, 0x7b], "invalid_encoding", "not valid UTF-8: it looks like UTF-16"],
    [[...encode('{"a":"é𝄞"\n,"é":}')], "invalid_json", "not valid JSON: see line 2, column 6"],
  ])("bytes %j", (bytes, code, detail) => {
    const event = readEvent(Uint8Array.from(bytes), defaults, limits);
    expect(event).toMatchObject({ kind: "invalid", code, detail });
    expect(readLines(Uint8Array.from(bytes), defaults, limits)).toMatchObject(
      code === "invalid_json" && bytes[0] === 0x7b ? {} : { events: [{ code, detail }] },
    );
  });
});

describe("lines", () => {
  test("are read one by one; blank ones do not count and a bad one spoils no other", () => {
    const lines =
      '{"type":"a"}\r\n\n  \n{"type":\n {"type":"b"} \n{"type":"c"}}\n{"type":"\xff"}\n[[[{"type":"d"}]]]\n{"type":"é"}';
    const bytes = Uint8Array.from(lines, (letter) => letter.charCodeAt(0));
    const read = readLines(Uint8Array.from([...bytes.subarray(0, -3), ...encode('é"}')]), defaults, limits);
    const events = read.kind === "ok" ? read.events : [];
    expect(events.map((event) => (event.kind === "ok" ? event.attributes.type : event.code))).toEqual([
      "a",
      "invalid_json",
      "b",
      "invalid_json",
      "invalid_encoding",
      "not_an_object",
      "é",
    ]);
    expect(events[3]).toMatchObject({ detail: "not valid JSON: see line 6, column 13" });
  });

  test.each(["", "\n", " \r\n\t\n\n"])(
    "that hold nothing are refused: an upload that went wrong is no success (%j)",
    (text) => {
      expect(readLines(encode(text), defaults, limits)).toMatchObject({ kind: "malformed", code: "no_events" });
    },
  );
});
