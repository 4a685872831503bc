import type { Metrics } from "./metrics.ts";

export type Sample = { readonly value: number; readonly labels: Readonly<Record<string, string>> };

/** As an app made it. */
export type Declared = {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
};

/** Metrics that remember what they were given, for tests. */
export type MetricsSpy = Metrics & {
  /** Every value of a metric, the oldest first. Throws for a name that nobody made. */
  of(name: string): readonly Sample[];
  /** Every metric that was made, in that order. */
  declared(): readonly Declared[];
};

export const createMetricsSpy = (): MetricsSpy => {
  const samples = new Map<string, Sample[]>();
  const declared: Declared[] = [];
  const looks: (() => void | Promise<void>)[] = [];
  const made = (type: Declared["type"], name: string, help: string, labels: readonly string[] = []) => {
    declared.push({ name, type, help, labels });
    const taken: Sample[] = samples.get(name) ?? [];
    samples.set(name, taken);
    return (value: number, given: Sample["labels"] = {}): void => void taken.push({ value, labels: given });
  };
  const remove = () => undefined;
  return {
    counter: (...given) => {
      const add = made("counter", ...given);
      return { add, of: (...[labels]) => ({ add: (value) => add(value, labels) }) };
    },
    total: (...given) => ({ set: made("counter", ...given), remove }),
    gauge: (...given) => ({ set: made("gauge", ...given), remove }),
    histogram: (name, help, _buckets, labels) => {
      const observe = made("histogram", name, help, labels);
      const observeTimes = (times: number, value: number, given?: Sample["labels"]): void => {
        for (let i = 0; i < times; i++) observe(value, given);
      };
      return { observe, of: (...[given]) => ({ observe: (value, times = 1) => observeTimes(times, value, given) }) };
    },
    beforeExpose: (look) => void looks.push(look),
    expose: async () => {
      await Promise.all(looks.map((look) => look()));
      return { text: "", contentType: "text/plain" };
    },
    of: (name) => {
      const taken = samples.get(name);
      if (!taken) throw new RangeError(`there is no metric ${name}`);
      return taken;
    },
    declared: () => declared,
  };
};
