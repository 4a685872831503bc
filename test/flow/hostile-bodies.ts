import type { Random } from "../simulation/random.ts";

/** One event as a sender writes it, and what must come out of it. */
export type Sent = {
  /** In every event, as the extension `marker`; it names the record. */
  readonly marker: string;
  /** The event's own bytes, or in binary mode those of its data. */
  readonly text: string;
  /** Of these the sender wrote nothing: they are filled in, and nothing else is. */
  readonly missing: readonly ("specversion" | "id" | "source" | "time")[];
  readonly id: string | null;
  readonly key: string | null;
};

export type Post = {
  readonly form: "single" | "array" | "envelope" | "lines" | "binary";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly events: readonly Sent[];
};

const SPACES = ["", "", "", " ", "\t", "\r", "  "];
const NUMBERS = ["1e400", "-1E+2", "9007199254740993", "-0", "-0.0", "0.1e-7", "123456789012345678901234567890", "1.0"];
const STRINGS = [
  '"\\u0000\\ud800"',
  '"\\/\\b\\f\\u00e9"',
  '"é\u2028😀"',
  '""',
  '"]}"',
  '"\\\\\\""',
  '"\uffff"',
  '"<b>&\'"',
];
const NAMES = ['"a"', '"a"', '"__proto__"', '"constructor"', '"1"', '"\\u0061"', '"events"', '"id"', '""', '"ключ"'];

/** Any JSON value, with space where JSON allows it; no line feed, so that it can stand in NDJSON. */
const jsonOf = (random: Random, depth: number): string => {
  const space = () => random.pick(SPACES);
  const kind = depth === 0 ? random.below(3) : random.below(6);
  if (kind === 0) return random.pick(NUMBERS);
  if (kind === 1) return random.pick(STRINGS);
  if (kind === 2) return random.pick(["true", "false", "null"]);
  const parts = Array.from({ length: random.below(4) }, () => {
    const value = `${space()}${jsonOf(random, depth - 1)}${space()}`;
    return kind === 3 ? value : `${space()}${random.pick(NAMES)}${space()}:${value}`;
  });
  return kind === 3 ? `[${space()}${parts.join(",")}]` : `{${space()}${parts.join(",")}}`;
};

const deepValue = (random: Random): string => {
  const levels = random.between(20, 60);
  return `${"[".repeat(levels)}${jsonOf(random, 0)}${"]".repeat(levels)}`;
};

const dataOf = (random: Random): string => {
  if (random.chance(0.02)) return `"${"x".repeat(random.between(5_000, 60_000))}"`;
  return random.chance(0.05) ? deepValue(random) : jsonOf(random, 4);
};

const keyOf = (random: Random): string | null =>
  random.chance(0.3) ? null : random.pick(["k1", "Ключ", "a b", '"', "😀", "\\"]);

/** A member, sometimes with its name or its value written in escapes. */
const member = (random: Random, name: string, value: string): string => {
  const escaped = (text: string) => `\\u${text.charCodeAt(0).toString(16).padStart(4, "0")}${text.slice(1)}`;
  const shown = random.chance(0.1) ? escaped(name) : name;
  return `"${shown}"${random.pick(SPACES)}:${random.pick(SPACES)}${value}`;
};

const shuffled = <T>(random: Random, items: readonly T[]): T[] => {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0] as T);
};

/** An event in the JSON format. */
const eventOf = (random: Random, marker: string): Sent => {
  const missing = (["specversion", "id", "source", "time"] as const).filter(() => random.chance(0.4));
  const isMissing = (name: Sent["missing"][number]) => missing.includes(name);
  const key = keyOf(random);
  const id = isMissing("id") ? null : `${marker}-"é"`;
  const members = [member(random, "type", '"t"'), member(random, "marker", `"${marker}"`)];
  if (!isMissing("specversion")) members.push(member(random, "specversion", '"1.0"'));
  if (id !== null) members.push(member(random, "id", JSON.stringify(id)));
  if (!isMissing("source")) members.push(member(random, "source", '"/hostile"'));
  if (!isMissing("time")) members.push(member(random, "time", '"2026-11-25T01:02:03.000004+01:00"'));
  if (key !== null) members.push(member(random, random.pick(["subject", "partitionkey"]), JSON.stringify(key)));
  if (random.chance(0.9)) members.push(member(random, "data", dataOf(random)));
  const space = () => random.pick(SPACES);
  const text = `{${space()}${shuffled(random, members).join(`${space()},${space()}`)}${space()}}`;
  return { marker, text, missing, id, key };
};

const JSON_TYPE = { "content-type": "application/json" };

/** The attributes in headers, the data in the body; every header's value percent-encoded, some of them quoted. */
const binaryOf = (random: Random, marker: string): Post => {
  const key = keyOf(random);
  const id = random.chance(0.3) ? null : `${marker}-ü`;
  const text = dataOf(random);
  const value = (raw: string) => {
    const encoded = encodeURIComponent(raw);
    return random.chance(0.3) ? `"${encoded}"` : encoded;
  };
  const headers = {
    ...JSON_TYPE,
    "ce-specversion": "1.0",
    "ce-type": "t",
    "ce-source": "/hostile",
    "ce-marker": value(marker),
    ...(id === null ? {} : { "ce-id": value(id) }),
    ...(key === null ? {} : { "ce-partitionkey": value(key) }),
  };
  return { form: "binary", headers, body: text, events: [{ marker, text, missing: [], id, key }] };
};

/** A request of at most `most` events. */
export const postOf = (random: Random, nextMarker: () => string, most: number): Post => {
  const form = random.pick(["single", "single", "binary", "array", "envelope", "lines"] as const);
  if (form === "binary") return binaryOf(random, nextMarker());
  const count = form === "single" ? 1 : Math.min(most, random.between(1, 60));
  const events = Array.from({ length: count }, () => eventOf(random, nextMarker()));
  const around = () => random.pick(["", " ", "\n", "\r\n\t"]);
  const texts = events.map(({ text }) => text);
  const listed = `${around()}[${texts.map((text) => `${around()}${text}${around()}`).join(",")}]${around()}`;
  const lines = texts.map((text) => `${random.pick(SPACES)}${text}${random.pick(["\n", "\r\n", "\n\n \n"])}`).join("");
  const body = {
    single: `${around()}${texts[0]}${around()}`,
    array: listed,
    envelope: `${around()}{${around()}"events"${around()}:${listed}}${around()}`,
    lines,
  }[form];
  const headers = form === "lines" ? { "content-type": "application/x-ndjson" } : JSON_TYPE;
  return { form, headers, body, events };
};
