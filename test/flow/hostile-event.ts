import type { Random } from "../simulation/random.ts";

/** A member as its sender wrote it: name and value as JSON, and the space around them. */
type Member = {
  readonly name: string;
  readonly written: string;
  readonly value: string;
  readonly gaps: readonly string[];
};

/** An event that is valid and as unlike what a parser expects as it can be. `number` is in it, as the extension `n`. */
export type HostileEvent = {
  readonly number: number;
  readonly members: readonly Member[];
  /** Null where the sender named none. */
  readonly id: string | null;
  readonly key: string | null;
};

/* What consumers would read as other numbers, other letters, other members, if somebody parsed it and wrote it again. */
const NUMBERS = "1e400 -1E+2 9007199254740993 -0 -0.0 0.1e-7 123456789012345678901234567890 1.0".split(" ");
const WORDS = ["true", "false", "null"];
const STRINGS = [
  '"\\u0000\\ud800"',
  '"\\udc00\\ud800"',
  '"\\/\\b\\f\\u00e9"',
  '"é\u2028\u007f😀"',
  '""',
  '"}],{[\\""',
  '"\\\\\\""',
  '"\uffff"',
  '"<b>&\'"',
];
const NAMES = ['"a"', '"a"', '"__proto__"', '"constructor"', '"1"', '"\\u0061"', '"events"', '"id"', '""', '"ключ"'];
const INNER_SPACES = ["", "", "", " ", "\t", "  "];

const jsonOf = (random: Random, depth: number): string => {
  const kind = depth === 0 ? random.below(3) : random.below(6);
  if (kind < 3) return random.pick([NUMBERS, WORDS, STRINGS][kind] as readonly string[]);
  const space = () => random.pick(INNER_SPACES);
  const parts = Array.from({ length: random.below(4) }, () => {
    const value = `${space()}${jsonOf(random, depth - 1)}${space()}`;
    return kind === 3 ? value : `${space()}${random.pick(NAMES)}${space()}:${value}`;
  });
  return kind === 3 ? `[${space()}${parts.join(",")}]` : `{${space()}${parts.join(",")}}`;
};

const dataOf = (random: Random): string => {
  if (random.chance(0.01)) return `"${"x\\u00e9".repeat(random.between(1_000, 8_000))}"`;
  if (random.chance(0.95)) return jsonOf(random, 4);
  const levels = random.between(20, 60);
  return `${"[".repeat(levels)}${jsonOf(random, 0)}${"]".repeat(levels)}`;
};

const texts = [
  '"k-%"',
  '"Zo\u00eb %"',
  '"\\u006b %"',
  '"\ud83e\udd8a%"',
  '"\\ud83e\\udd8a \\"%\\""',
  '"null, %"',
  '" %{["',
];

/** One of a thousand keys, so that many events share one. */
const textOf = (random: Random, number: number): string => random.pick(texts).replace("%", String(number));

const shuffled = <T>(items: readonly T[], random: Random): T[] =>
  items
    .map((item) => ({ item, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);

const escaped = (name: string) => `"\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}"`;

/** `spaces`: what may stand between tokens. */
export const hostileEvent = (number: number, random: Random, spaces: readonly string[]): HostileEvent => {
  const value = (name: string): string | null => {
    const maybe = (...values: readonly (string | null)[]) => random.pick(values);
    switch (name) {
      case "type":
        return '"hostile.\\u0065vent"';
      case "n":
        return String(number);
      case "id":
        return maybe(textOf(random, number), textOf(random, number), "null", null);
      case "source":
        return maybe('"/hostile"', '"urn:\\u0061:b"', "null", null);
      case "specversion":
        return maybe('"1.0"', '"\\u0031.0"', "null", null);
      case "time":
        return maybe('"2020-02-29T23:59:59.999999999+23:59"', "null", null);
      case "data":
        return random.chance(0.1) ? null : dataOf(random);
      case "x":
        return maybe('""', "true", "-7", "null", null);
      default:
        return maybe(textOf(random, random.below(1_000)), "null", null, null);
    }
  };
  const names = "type n id source specversion time data x subject partitionkey".split(" ");
  const members = shuffled(names, random).flatMap((name) => {
    const written = value(name);
    const gaps = [0, 1, 2, 3].map(() => (random.chance(0.2) ? random.pick(spaces) : ""));
    return written === null
      ? []
      : [{ name, written: random.chance(0.1) ? escaped(name) : `"${name}"`, value: written, gaps }];
  });
  const meant = Object.fromEntries(
    members.filter(({ name }) => name !== "data").map((each) => [each.name, JSON.parse(each.value)]),
  );
  return { number, members, id: meant.id ?? null, key: meant.partitionkey ?? meant.subject ?? null };
};

export const textOfEvent = ({ members }: Pick<HostileEvent, "members">): string =>
  `{${members.map(({ written, value, gaps: [a, b, c, d] }) => `${a}${written}${b}:${c}${value}${d}`).join(",")}}`;

/** What was filled in, by its name. */
export type Filled = {
  readonly specversion: string;
  readonly id: string;
  readonly source: string;
  readonly time: string;
};

/** The event as it must be in Kafka: the sender's text with exactly these put in front, or in the place of a null. */
export const completedText = (event: HostileEvent, filled: Filled): string => {
  const names = ["specversion", "id", "source", "time"] as const;
  const json = (name: (typeof names)[number]) => JSON.stringify(filled[name]);
  const missing = names.filter((name) => !event.members.some((member) => member.name === name));
  const members = event.members.map((member) => {
    const name = names.find((each) => each === member.name && member.value === "null");
    return name === undefined ? member : { ...member, value: json(name) };
  });
  return `{${missing.map((name) => `"${name}":${json(name)},`).join("")}${textOfEvent({ members }).slice(1)}`;
};
