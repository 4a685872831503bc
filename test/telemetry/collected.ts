import { fileURLToPath } from "node:url";
import { startApp } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import type { CollectedSpan } from "./collector.ts";

const PATIENCE_MS = 60_000;

export const traceOf = (n: number) => n.toString(16).padStart(32, "c");
/** The client's span. */
export const CLIENT = "b7ad6b7169203331";
export const contextOf = (n: number, flags = "01") => `00-${traceOf(n)}-${CLIENT}-${flags}`;

/** A collector, and ways to look at what it has got. */
export const startCollector = async () => {
  const entry = fileURLToPath(new URL("./collector.ts", import.meta.url));
  const collector = await startApp({ name: "collector", entry });
  const collected = async () => {
    const response = await fetch(`${collector.url}/spans`);
    return (await response.json()) as { spans: CollectedSpan[]; mediaTypes: string[] };
  };
  /** The first span that is linked to a trace. */
  const linked = (name: string, n: number, attributes: Record<string, string> = {}) =>
    eventually(
      `${name} of trace ${n}`,
      async () =>
        (await collected()).spans.find(
          (span) =>
            span.name === name &&
            span.links.some((link) => link.startsWith(traceOf(n))) &&
            Object.entries(attributes).every(([key, value]) => span.attributes[key] === value),
        ),
      PATIENCE_MS,
    );
  /** The first request in a trace that was answered by this. */
  const request = (n: number) =>
    eventually(
      `a request of trace ${n}`,
      async () =>
        (await collected()).spans.find(
          ({ name, traceId, attributes }) =>
            name === "POST /v1/events" && traceId === traceOf(n) && attributes["http.response.status_code"] === "202",
        ),
      PATIENCE_MS,
    );
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: "50" };
  return { stop: collector.stop, collected, linked, request, env };
};
