import type { ReadRecord } from "../conformance/sink.ts";
import { provide } from "./debian.ts";

type Json = { readonly headers?: readonly string[] };

const HEAD = /^(\d+) (-?\d+) (-?\d+)\n/;

const kcat = async (args: readonly string[], input = ""): Promise<Buffer> => {
  await provide({ isThere: () => Bun.which("kcat") !== null, packages: ["kcat"], otherwise: "brew install kcat" });
  const child = Bun.spawn(["kcat", "-q", "-X", "fetch.wait.max.ms=20", ...args], {
    stdin: Buffer.from(input),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [bytes, complaint] = await Promise.all([
    new Response(child.stdout).arrayBuffer(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) throw new Error(`kcat ${args.join(" ")}: ${complaint}`);
  return Buffer.from(bytes);
};

/** Time, lengths, key and value of each record; lengths stand before the bytes, so that these may hold anything. */
const recordsIn = (output: Buffer): Omit<ReadRecord, "headers">[] => {
  const records: Omit<ReadRecord, "headers">[] = [];
  for (let at = 0; at < output.length; ) {
    const head = HEAD.exec(output.toString("latin1", at, at + 64));
    if (!head) throw new Error("kcat wrote something else than records");
    const [keyLength, valueLength] = [Number(head[2]), Math.max(0, Number(head[3]))];
    const keyAt = at + head[0].length;
    const valueAt = keyAt + Math.max(0, keyLength);
    const value = Buffer.from(output.subarray(valueAt, valueAt + valueLength));
    const key = keyLength < 0 ? null : output.toString("utf8", keyAt, valueAt);
    records.push({ key, value, timestampMs: Number(head[1]) });
    at = valueAt + valueLength + 1;
  }
  return records;
};

/** Names and values stand in turn. A name that stands twice would hide a header here, so it is an error. */
const headersIn = ({ headers = [] }: Json): Record<string, string> => {
  const pairs = headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1] ?? ""] as const] : []));
  const byName = Object.fromEntries(pairs);
  if (Object.keys(byName).length !== pairs.length) throw new Error(`a header stands twice: ${headers.join()}`);
  return byName;
};

/** Everything in a partition, read by librdkafka. */
export const readPartition = async (
  brokers: readonly string[],
  topic: string,
  partition: number,
): Promise<ReadRecord[]> => {
  const from = ["-C", "-b", brokers.join(","), "-t", topic, "-p", String(partition), "-o", "beginning", "-e"];
  const bytes = await kcat([...from, "-f", "%T %K %S\\n%k%s\\n"]);
  // After the bytes: beside them it could end before a record that they had already, which then had no headers.
  const json = await kcat([...from, "-J"]);
  // Values that are not UTF-8 make lines that are not: only what stands before the key is read.
  const lines = json
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "");
  return recordsIn(bytes).map((record, i) => ({ ...record, headers: headersIn(JSON.parse(lines[i] ?? "{}") as Json) }));
};

/** Produces one empty record for each key, placed by librdkafka as the Java client places it. */
export const produceKeys = async (
  brokers: readonly string[],
  topic: string,
  keys: readonly string[],
): Promise<void> => {
  const javas = ["-X", "partitioner=murmur2_random"];
  const lines = keys.map((key) => `${key}:\n`).join("");
  await kcat(["-P", "-b", brokers.join(","), "-t", topic, "-K", ":", ...javas], lines);
};
