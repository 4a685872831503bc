import type { Metrics } from "./metrics.ts";
import type { TraceSettings } from "./trace-settings.ts";
import type { Traces } from "./traces.ts";

export type OpenTraces = { readonly traces?: Traces; close(): Promise<void> };

/** Chooses once whether anything is traced. OpenTelemetry's modules are loaded only where it is. */
export const openTraces = async (
  app: string,
  settings: TraceSettings | null,
  metrics: Metrics,
): Promise<OpenTraces> => {
  if (settings === null) return { close: () => Promise.resolve() };
  const { createOpenTelemetryTraces } = await import("./opentelemetry.ts");
  const traces = createOpenTelemetryTraces({ app, settings, metrics });
  return { traces, close: traces.close };
};
