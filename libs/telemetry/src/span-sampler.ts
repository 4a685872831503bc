import { type Context, trace } from "@opentelemetry/api";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace";
import type { TraceSettings } from "./trace-settings.ts";

const makers: Readonly<Record<TraceSettings["sampler"], (ratio: number) => Sampler>> = {
  always_on: () => new AlwaysOnSampler(),
  always_off: () => new AlwaysOffSampler(),
  traceidratio: (ratio) => new TraceIdRatioBasedSampler(ratio),
  parentbased_always_on: () => new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  parentbased_always_off: () => new ParentBasedSampler({ root: new AlwaysOffSampler() }),
  parentbased_traceidratio: (ratio) => new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
};

/** The sampler of the settings. Of what has a parent or links they are asked about, each once, before there is a span. */
export const createSpanSampler = ({ sampler: name, ratio }: Pick<TraceSettings, "sampler" | "ratio">) => {
  const chosen = makers[name](ratio);
  const isChosen = (context: Context, traceId: string): boolean =>
    chosen.shouldSample(context, traceId, "", 0, {}, []).decision === SamplingDecision.RECORD_AND_SAMPLED;
  const sampler: Sampler = {
    shouldSample: (context, traceId, _name, _kind, _attributes, links) => {
      const isAsked = links.length > 0 || trace.getSpanContext(context) !== undefined;
      const isRecorded = isAsked || isChosen(context, traceId);
      return { decision: isRecorded ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD };
    },
    toString: () => name,
  };
  return { sampler, isChosen };
};
