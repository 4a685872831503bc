export type Labels = Readonly<Record<string, string>>;

export type Counter = { add(value: number, labels?: Labels): void };
export type Gauge = { set(value: number, labels?: Labels): void };
export type Histogram = { observe(value: number, labels?: Labels): void };

/**
 * Metrics as the apps see them; Prometheus is behind it where there is something to scrape. Names carry the unit last
 * (`_seconds`, `_total`). A label's values come from a closed list, never from an event, a key or a source.
 */
export type Metrics = {
  counter(name: string, help: string, labels?: readonly string[]): Counter;
  gauge(name: string, help: string, labels?: readonly string[]): Gauge;
  histogram(name: string, help: string, buckets: readonly number[], labels?: readonly string[]): Histogram;
  /** The exposition text and its content type. */
  expose(): Promise<{ readonly text: string; readonly contentType: string }>;
};

/** For runtimes without a scrape (Workers) and for tests that do not look. */
export const noMetrics: Metrics = {
  counter: () => ({ add: () => undefined }),
  gauge: () => ({ set: () => undefined }),
  histogram: () => ({ observe: () => undefined }),
  expose: async () => ({ text: "", contentType: "text/plain" }),
};
