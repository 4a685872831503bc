type Labels<Name extends string> = Readonly<Record<Name, string>>;
/** Exactly the labels that were named when the metric was made; none where none were. */
type LabelsOf<Name extends string> = [Name] extends [never] ? [] : [labels: Labels<Name>];

type Count = { add(value: number): void };
/**
 * `times`: as so many observations of one value, at the cost of one. `traceId`: of a trace that shows how such a value comes about; of each
 * bucket the last one is exposed as its exemplar, to who asks for OpenMetrics.
 */
type Observation = { observe(value: number, times?: number, traceId?: string | null): void };

/** `of` gives what counts under these labels from now on: to be kept by whoever counts often, since finding it costs more than counting. */
export type Counter<Name extends string = never> = {
  add(value: number, ...labels: LabelsOf<Name>): void;
  of(...labels: LabelsOf<Name>): Count;
};
/**
 * A counter that is kept elsewhere and only shown here. What is no longer ours to show is removed: zero would be read as a
 * new beginning, and all that comes after it as an increase.
 */
export type Total<Name extends string = never> = {
  set(value: number, ...labels: LabelsOf<Name>): void;
  remove(...labels: LabelsOf<Name>): void;
};
export type Gauge<Name extends string = never> = Total<Name>;
export type Histogram<Name extends string = never> = {
  observe(value: number, ...labels: LabelsOf<Name>): void;
  of(...labels: LabelsOf<Name>): Observation;
};

/**
 * Metrics as the apps see them; Prometheus is behind it where there is something to scrape. Names carry the unit last
 * (`_seconds`, `_total`). A label's values come from a closed list, never from an event, a key or a source.
 */
export type Metrics = {
  counter<const Name extends string = never>(name: string, help: string, labels?: readonly Name[]): Counter<Name>;
  total<const Name extends string = never>(name: string, help: string, labels?: readonly Name[]): Total<Name>;
  gauge<const Name extends string = never>(name: string, help: string, labels?: readonly Name[]): Gauge<Name>;
  histogram<const Name extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels?: readonly Name[],
  ): Histogram<Name>;
  /** `look` sets what is only worth knowing when somebody asks, and is waited for. It must bound its own time, and not reject. */
  beforeExpose(look: () => void | Promise<void>): void;
  /** The exposition text and its content type. `accept`: the header of who asks. */
  expose(accept?: string | null): Promise<{ readonly text: string; readonly contentType: string }>;
};

const nobody = { add: () => undefined, observe: () => undefined, set: () => undefined, remove: () => undefined };

/** For runtimes without a scrape (Workers) and for tests that do not look. */
export const noMetrics: Metrics = {
  counter: () => ({ ...nobody, of: () => nobody }),
  total: () => nobody,
  gauge: () => nobody,
  histogram: () => ({ ...nobody, of: () => nobody }),
  beforeExpose: () => undefined,
  expose: async () => ({ text: "", contentType: "text/plain" }),
};
