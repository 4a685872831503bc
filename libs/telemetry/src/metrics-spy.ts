import type { Metrics } from "./metrics.ts";

export type Sample = { readonly value: number; readonly labels: Readonly<Record<string, string>> };

/** Metrics that remember what they were given, for tests. */
export type MetricsSpy = Metrics & {
  /** Every value of a metric, the oldest first. Throws for a name that nobody made. */
  of(name: string): readonly Sample[];
};

export const createMetricsSpy = (): MetricsSpy => {
  const samples = new Map<string, Sample[]>();
  const recorder = (name: string) => {
    const taken: Sample[] = samples.get(name) ?? [];
    samples.set(name, taken);
    return (value: number, labels: Sample["labels"] = {}): void => void taken.push({ value, labels });
  };
  return {
    counter: (name) => {
      const add = recorder(name);
      return { add, of: (...[labels]) => ({ add: (value) => add(value, labels) }) };
    },
    gauge: (name) => ({ set: recorder(name) }),
    histogram: (name) => {
      const observe = recorder(name);
      return { observe, of: (...[labels]) => ({ observe: (value) => observe(value, labels) }) };
    },
    expose: async () => ({ text: "", contentType: "text/plain" }),
    of: (name) => {
      const taken = samples.get(name);
      if (!taken) throw new RangeError(`there is no metric ${name}`);
      return taken;
    },
  };
};
