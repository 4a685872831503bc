/** What is traced, and of which kind each is by OpenTelemetry's words. */
export const spanKinds = {
  "POST /v1/events": "server",
  "POST /v1/batch": "server",
  append: "client",
  publish: "producer",
  drain: "internal",
  replay: "internal",
} as const;

export type SpanName = keyof typeof spanKinds;

/** Our own words and numbers, as in a metric's label. Nothing of an event: no byte, id, source, type or key of it; no key's name. */
export type SpanAttributes = Readonly<Record<string, string | number>>;

export type Span = {
  /** W3C `traceparent` of what happens within it, as of what it caused. */
  readonly traceparent: string;
  /** `failure`: that it came to nothing, by a code of ours. */
  end(attributes?: SpanAttributes, failure?: string): void;
};

/**
 * Traces as apps and libraries see them; OpenTelemetry stands behind it, where an app's process has loaded it. Who is given no
 * `Traces` traces nothing and does nothing for it. No call throws or waits; a context that is not valid counts as none.
 */
export type Traces = {
  /** Work for one caller. `parent`: its traceparent, null: it has none. Null: not sampled. */
  begin(name: SpanName, parent: string | null, attributes?: SpanAttributes): Span | null;
  /** The trace id of a context that is sampled; null: it is not. */
  sampled(context: string | null | undefined): string | null;
  /**
   * Work for many callers at once, such as a batch: a trace of its own, with a link to each of the first 32 contexts that are sampled.
   * Null: none of them is.
   */
  beginFor(name: SpanName, contexts: Iterable<string | null | undefined>, attributes?: SpanAttributes): Span | null;
};

/** Of the links of one span. An append of 400 events, each with a trace of its own, has 2 KB of them. */
export const LINKS_MAX = 32;

/** Does the work, and ends its span with what `told` says of the result, or as failed where it throws. */
export const inSpan = async <T>(
  span: Span | null,
  work: () => Promise<T>,
  told: (result: T) => { readonly attributes?: SpanAttributes; readonly failure?: string | undefined },
): Promise<T> => {
  if (span === null) return work();
  let end: ReturnType<typeof told> = { failure: "threw" };
  try {
    const result = await work();
    end = told(result);
    return result;
  } finally {
    span.end(end.attributes, end.failure);
  }
};
