import { readFile } from "node:fs/promises";
import { createDeadLetters } from "@spillway/dead-letters";
import { type DeadLetter, type DeadLetterClass, Unavailable } from "@spillway/event";
import type { Database } from "@spillway/postgres";

import { type DevStack, PROCESSES, type ProcessName, type ProcessState } from "./stack.ts";

type Line = readonly [name: string, value: string];

const readEnv = async (file: string): Promise<ReadonlyMap<string, string>> => {
  const lines = (await readFile(file, "utf8")).split("\n").map((line): Line => {
    const equals = line.indexOf("=");
    return [line.slice(0, Math.max(0, equals)), line.slice(equals + 1)];
  });
  return new Map(lines);
};

const CODES: Readonly<Record<DeadLetterClass, readonly [code: string, detail: string]>> = {
  oversize: ["message_too_large", "the broker takes no record of this size"],
  rejected: ["invalid_timestamp", "the broker refused the record's time"],
  poison: ["invalid_record", "the broker refused the record"],
  undecodable: ["bad_chunk", "the chunk's checksum is another one"],
};

const eventOf = (n: number) => ({
  specversion: "1.0",
  id: crypto.randomUUID(),
  source: "/dev",
  type: n % 2 === 0 ? "dev.order.created" : "dev.order.paid",
  subject: `customer-${n % 20}`,
  data: { n, total: "12.50" },
});

const letterOf = (kind: DeadLetterClass, n: number, topic: string): DeadLetter => {
  const event = eventOf(n);
  const [code, detail] = CODES[kind];
  const isChunk = kind === "undecodable";
  return {
    shard: 0,
    entry: `dev-${event.id}`,
    index: isChunk ? -1 : 0,
    deadLetterClass: kind,
    code,
    detail,
    topic: isChunk ? null : topic,
    type: isChunk ? null : event.type,
    partitionKey: isChunk ? null : event.subject,
    traceparent: null,
    tracestate: undefined,
    identity: isChunk ? null : event.id.replaceAll("-", "").slice(0, 16),
    replay: 0,
    attempts: 1,
    receivedAtMs: Date.now(),
    bytes: isChunk ? crypto.getRandomValues(new Uint8Array(64)) : new TextEncoder().encode(JSON.stringify(event)),
  };
};

/** `T` of `ps`: stopped. */
const stateOf = async (pid: string | undefined): Promise<ProcessState> => {
  if (!pid) return "absent";
  const ps = Bun.spawn(["ps", "-o", "state=", "-p", pid], { stdout: "pipe", stderr: "ignore" });
  const state = (await new Response(ps.stdout).text()).trim();
  if (state === "") return "absent";
  return state.startsWith("T") ? "frozen" : "running";
};

/** `file` is written by the devstack, again after each start of a process. */
export const createDevStack = (file: string, database: Database): DevStack => {
  const pidOf = async (name: ProcessName) => (await readEnv(file)).get(`${name.toUpperCase()}_PID`);
  return {
    states: async () => {
      const states = PROCESSES.map(async (name) => [name, await stateOf(await pidOf(name))] as const);
      return Object.fromEntries(await Promise.all(states)) as Record<ProcessName, ProcessState>;
    },
    signal: async (name, signal) => {
      const pid = await pidOf(name);
      if ((await stateOf(pid)) === "absent") return false;
      return process.kill(Number(pid), signal);
    },
    send: async (count) => {
      const env = await readEnv(file);
      const body = JSON.stringify(Array.from({ length: count }, (_, n) => eventOf(n)));
      const headers = { authorization: `Bearer ${env.get("API_KEY")}`, "content-type": "application/json" };
      const signal = AbortSignal.timeout(5_000);
      const answer = await fetch(`${env.get("EDGE_URL")}/v1/batch`, { method: "POST", body, headers, signal }).catch(
        () => null,
      );
      return answer === null ? "The edge did not answer." : `The edge answered ${answer.status} to ${count} events.`;
    },
    seed: async (kind, count) => {
      const topic = (await readEnv(file)).get("KAFKA_TOPIC");
      if (topic === undefined) throw new Unavailable("no_topic");
      const letters = Array.from({ length: count }, (_, n) => letterOf(kind, n, topic));
      await createDeadLetters({ database }).put(letters);
    },
  };
};
