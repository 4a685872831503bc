const LINE_CHARS_MAX = 200;

const shown = (value: unknown) => (typeof value === "string" && !/[\s="]/.test(value) ? value : JSON.stringify(value));

const parse = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

type Entry = {
  readonly "@timestamp"?: string;
  readonly level?: string;
  readonly message?: string;
  readonly properties?: object;
};

/** A JSON line of an app as a person reads it, "08:12:01.123 info  lease.taken  shard=3"; any other line as it is. */
export const readable = (line: string): string => {
  const { "@timestamp": at = "", level = "", message, properties = {} } = (parse(line) ?? {}) as Entry;
  if (message === undefined) return line;
  const fields = Object.entries(properties).map(([name, value]) => `${name}=${shown(value)}`);
  const text = [`${at.slice(11, 23)} ${level.toLowerCase().padEnd(5)} ${message}`, ...fields].join("  ");
  return text.length > LINE_CHARS_MAX ? `${text.slice(0, LINE_CHARS_MAX - 1)}…` : text;
};
