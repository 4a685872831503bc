import type { Pipeline, Services } from "../support/world.ts";
import { cpuSeconds } from "./sample.ts";

/** Seconds of CPU that each part of a pipeline has used so far. */
export type CpuByPart = Readonly<Record<string, number>>;

export const cpuByPart = ({ edges, relays }: Pipeline, { redis, rest, kafka }: Services): CpuByPart => {
  const parts = { edge: edges[0], REST: rest, Redis: redis, relay: relays[0], Kafka: kafka };
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, cpuSeconds(part?.pid() ?? 0)]));
};

export const cpuSince = (before: CpuByPart, now: CpuByPart): CpuByPart =>
  Object.fromEntries(Object.entries(now).map(([name, used]) => [name, used - (before[name] ?? 0)]));

export const cpuOfAll = (parts: CpuByPart): number => Object.values(parts).reduce((sum, used) => sum + used, 0);

/** `edge 194, REST 78, …`: what each takes of so many events, in µs an event. */
export const microsOf = (parts: CpuByPart, events: number): string =>
  Object.entries(parts)
    .map(([name, used]) => `${name} ${((used * 1e6) / events).toFixed(0)}`)
    .join(", ");
