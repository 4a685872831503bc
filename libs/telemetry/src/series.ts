/** A value as prom-client writes it out. */
export type Value = {
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly metricName?: string;
  readonly exemplar?: Exemplar;
};

/** Its time is in seconds since 1970. */
type Exemplar = {
  readonly labelSet: { readonly trace_id: string };
  readonly value: number;
  readonly timestamp: number;
};

type Labels = Readonly<Record<string, string>>;

/** What a metric counts with, one for each combination of its labels' values, made when it is first asked for. */
export const createSeries = <Child>(labelNames: readonly string[], create: () => Child) => {
  const children = new Map<string, { readonly labels: Labels; readonly child: Child }>();
  const keyOf = (labels: Labels): string => {
    let key = "";
    for (const name of labelNames) key += `${labels[name]}\n`;
    return key;
  };
  const of = (labels: Labels = {}): Child => {
    const key = keyOf(labels);
    const known = children.get(key);
    if (known !== undefined) return known.child;
    for (const name of Object.keys(labels))
      if (!labelNames.includes(name)) throw new Error(`the metric has no label ${name}`);
    const child = create();
    children.set(key, { labels, child });
    return child;
  };
  // As Prometheus wants it: what has no labels is there from the start, as zero.
  if (labelNames.length === 0) of();
  return {
    of,
    remove: (labels: Labels = {}): void => void children.delete(keyOf(labels)),
    all: () => [...children.values()],
  };
};

export const createCount = () => {
  let total = 0;
  return {
    add: (value: number): void => {
      total += value;
    },
    values: (labels: Labels): Value[] => [{ value: total, labels }],
  };
};

/** What somebody else counts. */
export const createTold = () => {
  let told = 0;
  return {
    set: (value: number): void => {
      told = value;
    },
    values: (labels: Labels): Value[] => [{ value: told, labels }],
  };
};

/** `buckets`: upper bounds, in rising order. */
export const createDistribution = (name: string, buckets: readonly number[]) => {
  const counts: number[] = new Array(buckets.length + 1).fill(0);
  const exemplars: Exemplar[] = [];
  let sum = 0;
  return {
    observe: (value: number, times = 1, traceId: string | null = null): void => {
      let at = 0;
      while (at < buckets.length && value > (buckets[at] as number)) at++;
      counts[at] = (counts[at] as number) + times;
      sum += value * times;
      if (traceId !== null) exemplars[at] = { labelSet: { trace_id: traceId }, value, timestamp: Date.now() / 1_000 };
    },
    values: (labels: Labels): Value[] => {
      let count = 0;
      const values = counts.map((each, at): Value => {
        count += each;
        const le = at < buckets.length ? String(buckets[at]) : "+Inf";
        const exemplar = exemplars[at];
        return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count, ...(exemplar && { exemplar }) };
      });
      return [
        ...values,
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: count },
      ];
    },
  };
};
