import { LINKS_MAX, type SpanAttributes, type SpanName, type Traces } from "./traces.ts";

export type SpiedSpan = {
  readonly name: SpanName;
  readonly traceparent: string;
  readonly parent: string | null;
  readonly links: readonly string[];
  readonly attributes: SpanAttributes;
  /** Undefined: it did not fail, or has not ended. */
  readonly failure: string | undefined;
  readonly hasEnded: boolean;
};

/** Traces that remember their spans, for tests. What has the flag `01` is sampled, and what has no parent. */
export const createTracesSpy = (): Traces & { spans(name: SpanName): readonly SpiedSpan[] } => {
  const spans: { -readonly [Key in keyof SpiedSpan]: SpiedSpan[Key] }[] = [];
  const isSampled = (context: string | null | undefined): context is string => context?.endsWith("-01") === true;
  const begun = (name: SpanName, parent: string | null, links: readonly string[], attributes: SpanAttributes = {}) => {
    const trace = parent?.slice(3, 35) ?? String(spans.length + 1).padStart(32, "a");
    const traceparent = `00-${trace}-${String(spans.length + 1).padStart(16, "0")}-01`;
    const span: (typeof spans)[number] = {
      name,
      traceparent,
      parent,
      links,
      attributes,
      failure: undefined,
      hasEnded: false,
    };
    spans.push(span);
    return {
      traceparent,
      end: (more?: SpanAttributes, failure?: string) =>
        void Object.assign(span, { attributes: { ...span.attributes, ...more }, failure, hasEnded: true }),
    };
  };
  return {
    begin: (name, parent, attributes) =>
      parent === null || isSampled(parent) ? begun(name, parent, [], attributes) : null,
    sampled: (context) => (isSampled(context) ? context.slice(3, 35) : null),
    beginFor: (name, contexts, attributes) => {
      const links = [...new Set([...contexts].filter(isSampled))].slice(0, LINKS_MAX);
      return links.length === 0 ? null : begun(name, null, links, attributes);
    },
    spans: (name) => spans.filter((span) => span.name === name),
  };
};
