/** Exactly the labels that were named when the metric was made; none where none were. */
type LabelsOf<Name extends string> = [Name] extends [never] ? [] : [labels: Readonly<Record<Name, string>>];

export type Counter<Name extends string = never> = { add(value: number, ...labels: LabelsOf<Name>): void };
export type Gauge<Name extends string = never> = { set(value: number, ...labels: LabelsOf<Name>): void };
export type Histogram<Name extends string = never> = { observe(value: number, ...labels: LabelsOf<Name>): void };

/**
 * Metrics as the apps see them; Prometheus is behind it where there is something to scrape. Names carry the unit last
 * (`_seconds`, `_total`). A label's values come from a closed list, never from an event, a key or a source.
 */
export type Metrics = {
  counter<const Name extends string = never>(name: string, help: string, labels?: readonly Name[]): Counter<Name>;
  gauge<const Name extends string = never>(name: string, help: string, labels?: readonly Name[]): Gauge<Name>;
  histogram<const Name extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels?: readonly Name[],
  ): Histogram<Name>;
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
