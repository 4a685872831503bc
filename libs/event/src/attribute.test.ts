import { describe, expect, test } from "vitest";
import { extensionFault, valueFault as faultByNumber } from "./attribute.ts";
import { numberOf } from "./known-names.ts";
import { isUri, isUriReference } from "./uri.ts";

const valueFault = (name: string, value: unknown) =>
  numberOf(name) < 0 ? extensionFault(name, value) : faultByNumber(numberOf(name), value);
const isValid = (name: string) => (value: unknown) => valueFault(name, value) === null;

describe("time", () => {
  test.each([
    "1985-04-12T23:20:50.52Z",
    "1996-12-19t16:39:57-08:00",
    "2020-02-29T00:00:00z",
    "2000-02-29T23:59:59+23:59",
    "1937-01-01T12:00:27.87+00:20",
    "2026-12-31T23:59:59-00:00",
    "0000-02-29T00:00:00.123456789Z",
  ])("%s is a time, and Date reads it", (time) => {
    expect(valueFault("time", time)).toBe(null);
    expect(Number.isNaN(Date.parse(time))).toBe(false);
  });

  test.each([
    "2018-13-05T25:61:00Z",
    "2021-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2020-02-30T00:00:00Z",
    "2020-04-31T00:00:00Z",
    "2020-00-01T00:00:00Z",
    "2020-01-00T00:00:00Z",
    "2020-01-01T24:00:00Z",
    "2020-01-01T00:60:00Z",
    "1990-12-31T23:59:60Z",
    "2020-01-01T00:00:00+24:00",
    "2020-01-01T00:00:00+00:60",
    "2020-01-01T00:00:00",
    "2020-01-01 00:00:00Z",
    "2020-01-01T00:00Z",
    "2020-01-01T00:00:00.Z",
    "2020-01-01T00:00:00+0000",
    " 2020-01-01T00:00:00Z",
    "2020-01-01T00:00:00Z\n",
    "20200101T000000Z",
    "2020-01-0\u0661T00:00:00Z",
    "",
    1577836800000,
  ])("%j is none", (time) => {
    expect(valueFault("time", time)).not.toBe(null);
  });

  test("of every day of eight years and a century is a time if Date has it", () => {
    for (const year of [1900, 2000, 2020, 2021, 2022, 2023, 2024, 2100])
      for (let month = 1; month <= 12; month++)
        for (let day = 28; day <= 32; day++) {
          const date = `${year}-${String(month).padStart(2, "0")}-${day}`;
          const isReal = new Date(Date.UTC(year, month - 1, day)).toISOString().startsWith(date);
          expect([date, isValid("time")(`${date}T00:00:00Z`)]).toEqual([date, isReal]);
        }
  });
});

describe("source", () => {
  const references = [
    ..."/ /shop /shop/eu?x=1#top my-service shop.example/a:b ./a:b ?q #f a/b//c //host/a //host // .. * @x a%20b".split(
      " ",
    ),
    ..."urn:shop:eu urn:isbn:0451450523 mailto:a@b.example https://a.example:8080/x?y=/?#z tel:+1-816-555-1212".split(
      " ",
    ),
    ..."http://[2001:db8::7]/c=GB?one http://u:p@h:80 file:///etc/hosts x: x:/ x:a:b arn:aws:sns:eu:1:topic a;b=c,d!$&'()".split(
      " ",
    ),
  ];
  test.each(references)("%s is a URI-reference", (text) => {
    expect(valueFault("source", text)).toBe(null);
  });

  const others = [
    ..."1a:b :a a:b:c%zz %zz % a%2 a[b] {a} a|b a\\\\b <a> a^b `a` #a#b http://a[ http://[::1 http://a:b/ caf\u00e9 http://\u00e9.example".split(
      " ",
    ),
    "not a uri",
    " /shop",
    "/shop ",
    '"/shop"',
    "",
  ];
  test.each(others)("%s is none", (text) => {
    expect(valueFault("source", text)).not.toBe(null);
  });

  const literals = [
    ..."1:2:3:4:5:6:7:8 1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 1:2:3:4:5:6:1.2.3.4 ::1.2.3.4 1::1.2.3.4 a::B 1:2::7:8 :: ::1 2001:db8::7".split(
      " ",
    ),
    ..."1:2:3:4:5::1.2.3.4 ::2:3:4:5:6:255.249.199.0 1::3:4:5:6:7:8 v1.a vF.a:b V0f.~!$&'()*+,;=_- 0000:ffff::".split(
      " ",
    ),
  ];
  test.each(literals)("//[%s] is one", (host) => {
    for (const text of [`http://[${host}]/`, `//u@[${host}]:80?q`]) expect(valueFault("source", text)).toBe(null);
    expect(valueFault("dataschema", `http://[${host}]`)).toBe(null);
  });

  const noLiterals = [
    ..."zz : - a 1.2.3.4 vx.a v.a v1. v1 v1.[ 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 1:2:3:4:5:6:7:1.2.3.4 1::2::3 ::: :1 1: 1:::2 12345::".split(
      " ",
    ),
    ..."1:2:3:4:5:6:7:8:: ::1:2:3:4:5:6:7:8 1:2:3:4::5:6:7:8 ::1.2.3 ::1.2.3.256 ::01.2.3.4 ::1.2.3.4:5 1.2.3.4:: g:: fe80::1%25lo fe80::1%lo".split(
      " ",
    ),
    "",
  ];
  test.each(noLiterals)("//[%s] is none", (host) => {
    for (const text of [`http://[${host}]/`, `//[${host}]`]) expect(valueFault("source", text)).not.toBe(null);
    expect(valueFault("dataschema", `http://[${host}]`)).not.toBe(null);
  });

  test("is looked at in linear time: a thousand characters of any pair are no more than a thousand steps of a search", () => {
    const characters = Array.from("a:/?#[]@%2-.");
    for (const one of characters)
      for (const other of characters) {
        const text = `${one}${other}`.repeat(500);
        expect(isUriReference(text) || isUriReference(`${text} `) || isUri(`x:${text} `)).toBe(isUriReference(text));
      }
  });
});

describe("the other attributes", () => {
  const cases: readonly (readonly [string, readonly unknown[], readonly unknown[]])[] = [
    ["dataschema", ["https://a.example/s.json#/d", "urn:s", null], ["/s.json", "s", "", 7, "http://a b"]],
    [
      "datacontenttype",
      ["text/plain", "application/json; charset=utf-8", 'a/b;c="d;\\"e";', "application/vnd.a.b+json;v=1 ; x=y", null],
      [
        "json",
        "a/",
        "/b",
        "a/b c",
        "a/b;c",
        "a/b;=d",
        'a/b;c="d',
        "a b/c",
        5,
        "",
        "a/b, c/d",
        {},
        "a/b;\tc=d",
        "a/b\t;c=d",
        "a/b;c=d\t",
        'a/b;c="\t"',
        'a/b;c="\\\t"',
      ],
    ],
    ["data_base64", ["", "AA==", "AAA=", "AAAA", "+/+/", null], ["A", "AA", "AB==", "AAB=", "A===", "A A=", "_-==", 5]],
    [
      "id",
      ["1", "\u00e9", "\ud83d\ude00", null],
      ["", 1, "\u0000", "\u0085", "\ud800", "\ufffe", "\ud83f\udfff", "x".repeat(1025)],
    ],
    ["subject", ["a", null], ["", {}, 5, true]],
    ["partitionkey", ["a", null], ["", {}, 5]],
    [
      "extension",
      ["", "a", true, false, 0, -0, 2147483647, -2147483648, null],
      [1.5, 2147483648, Infinity, {}, "\ufdd0"],
    ],
  ];
  test.each(cases)("%s is what CloudEvents says", (name, valid, invalid) => {
    expect(valid.filter((value) => !isValid(name)(value))).toEqual([]);
    expect(invalid.filter(isValid(name))).toEqual([]);
  });

  test("a media type is looked at in linear time", () => {
    for (const filling of [";", "; ", " ;", "\t", ";a=b", ';a="', '\\\\"', ";a=b; "])
      expect(isValid("datacontenttype")(`a/b${filling.repeat(1000 / filling.length)}\u00e9`)).toBe(false);
  });
});
