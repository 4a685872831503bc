import { describe, expect, test } from "vitest";
import { sourceAndIdOf } from "./source-and-id.ts";

const of = (json: string, index = 0) => sourceAndIdOf({ bytes: new TextEncoder().encode(json), index });
const unknown = { source: null, eventId: null };

describe("the source and id of a dead letter", () => {
  test("is the event's source and id", () => {
    expect(of('{"id":"7","source":"/shop","data":1e400}')).toEqual({ source: "/shop", eventId: "7" });
  });

  test("is the one that the edge read: the last of equal members counts", () => {
    expect(of('{"id":"1","source":"/s","id":"2"}')).toEqual({ source: "/s", eventId: "2" });
  });

  test.each(["", "{", "[]", "null", "7", '"id"', '{"id":7,"source":"/s"}', '{"id":"7"}', '{"source":"/s"}'])(
    "is unknown for %s",
    (json) => {
      expect(of(json)).toEqual(unknown);
    },
  );

  test("is unknown for bytes that are no UTF-8, for a whole chunk, and for nesting without end", () => {
    expect(sourceAndIdOf({ bytes: new Uint8Array([0x7b, 0xff, 0x7d]), index: 0 })).toEqual(unknown);
    expect(of('{"id":"7","source":"/s"}', -1)).toEqual(unknown);
    expect(of("[".repeat(200_000))).toEqual(unknown);
  });
});
