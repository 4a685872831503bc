import type { Backend } from "@spillway/memory";
import type { Random } from "./random.ts";

/**
 * What becomes of one call to a port. Times in ms from the call.
 *
 * - `answered`: executed, and the answer arrives.
 * - `refused`: not executed, and the caller learns it.
 * - `reply-lost`: executed, and the caller only learns that its time is up.
 * - `late`: executed after the caller gave up.
 * - `request-lost`: never executed, and the caller only learns that its time is up.
 * - `crash-before`, `crash-after`: the process dies with the call, before or after its execution.
 */
type Fate =
  | { readonly kind: "answered"; readonly requestMs: number; readonly replyMs: number }
  | { readonly kind: "refused"; readonly replyMs: number }
  | { readonly kind: "reply-lost"; readonly requestMs: number }
  | { readonly kind: "late"; readonly requestMs: number }
  | { readonly kind: "request-lost" }
  | { readonly kind: "crash-before" }
  | { readonly kind: "crash-after"; readonly requestMs: number };

const fateKinds = ["refused", "reply-lost", "late", "request-lost", "crash-before", "crash-after"] as const;
type FaultKind = (typeof fateKinds)[number];

/** How bad one seed's world is. Each fault is left out of half of the seeds, so that none hides what another shows. */
export type Weather = {
  /** Of a request and of its answer, each; once all is well, of any backend at most `HEALED_LATENCY_MS_MAX`. */
  readonly latencyMsMax: Readonly<Record<Backend, number>>;
  /** Probability of each fault per call, until `healAtMs`. */
  readonly rates: Readonly<Record<FaultKind, number>>;
  /** Probability that an answer takes up to its caller's whole patience. */
  readonly slowRate: number;
  /** Backends whose calls meet these faults. */
  readonly backends: ReadonlySet<Backend>;
  readonly healAtMs: number;
  /** Nothing at all goes wrong: then nothing may be done twice, and nobody may fall back. */
  readonly isCalm: boolean;
};

const CALM = 0.08;
const LATENCIES = [2, 5, 20, 150];
const HEALED_LATENCY_MS_MAX = 20;
const RATES = [0.005, 0.02, 0.06];
const CRASH_RATES = [0.001, 0.004, 0.01];
/** How much later than its caller's patience a request may still land. */
const LATE_MS_MAX = 2_000;
const backends: readonly Backend[] = ["redis", "postgres", "kafka"];

export const createWeather = (random: Random): Weather => {
  const isCalm = random.chance(CALM);
  const latency = () => (isCalm ? HEALED_LATENCY_MS_MAX : random.pick(LATENCIES));
  const rates: Record<FaultKind, number> = { ...calmRates };
  for (const kind of fateKinds) {
    const rate = random.pick(kind.startsWith("crash") ? CRASH_RATES : RATES);
    if (random.chance(0.5) && !isCalm) rates[kind] = rate;
  }
  return {
    latencyMsMax: { redis: latency(), postgres: latency(), kafka: latency() },
    rates,
    slowRate: isCalm ? 0 : random.pick([0, 0.02, 0.1]),
    backends: new Set(backends.filter(() => random.chance(0.7))),
    healAtMs: random.between(1_500, 3_500),
    isCalm,
  };
};

const calmRates: Readonly<Record<FaultKind, number>> = {
  refused: 0,
  "reply-lost": 0,
  late: 0,
  "request-lost": 0,
  "crash-before": 0,
  "crash-after": 0,
};

/** A stretch of time in which a backend answers nobody: it refuses at once, or it hangs and executes when it is back. */
export type Outage = {
  readonly backend: Backend;
  readonly kind: "refuses" | "hangs";
  readonly fromMs: number;
  readonly untilMs: number;
};

export type Fates = {
  /** Draws what becomes of a call that the caller gives up after `timeoutMs`. */
  draw(backend: Backend, timeoutMs: number): Fate;
};

export const createFates = (
  random: Random,
  weather: Weather,
  outages: readonly Outage[],
  nowMs: () => number,
): Fates => {
  const latency = (backend: Backend): number => {
    const msMax = weather.latencyMsMax[backend];
    return random.between(0, nowMs() < weather.healAtMs ? msMax : Math.min(msMax, HEALED_LATENCY_MS_MAX));
  };
  const soon = (backend: Backend): Fate => ({
    kind: "answered",
    requestMs: latency(backend),
    replyMs: latency(backend),
  });

  const duringOutage = ({ backend, kind, untilMs }: Outage, timeoutMs: number): Fate => {
    if (kind === "refuses") return { kind: "refused", replyMs: latency(backend) };
    if (random.chance(0.3)) return { kind: "request-lost" };
    const requestMs = untilMs - nowMs() + latency(backend);
    return requestMs < timeoutMs
      ? { kind: "answered", requestMs, replyMs: latency(backend) }
      : { kind: "late", requestMs };
  };

  const fault = (kind: FaultKind, backend: Backend, timeoutMs: number): Fate => {
    const requestMs = latency(backend);
    switch (kind) {
      case "refused":
        return { kind, replyMs: requestMs };
      case "late":
        return { kind, requestMs: timeoutMs + random.between(0, LATE_MS_MAX) };
      case "reply-lost":
      case "crash-after":
        return { kind, requestMs };
      default:
        return { kind };
    }
  };

  const outageOf = (backend: Backend): Outage | undefined =>
    outages.find((one) => one.backend === backend && one.fromMs <= nowMs() && nowMs() < one.untilMs);

  return {
    draw: (backend, timeoutMs) => {
      const outage = outageOf(backend);
      if (outage) return duringOutage(outage, timeoutMs);
      if (nowMs() >= weather.healAtMs || !weather.backends.has(backend)) return soon(backend);
      for (const kind of fateKinds) if (random.chance(weather.rates[kind])) return fault(kind, backend, timeoutMs);
      if (!random.chance(weather.slowRate)) return soon(backend);
      return { kind: "answered", requestMs: random.below(timeoutMs), replyMs: random.below(timeoutMs) };
    },
  };
};
