import { samplerNames, type TraceSettings } from "@spillway/telemetry";
import { secretText } from "./secret.ts";
import { checked, integerOr, matching, ok, oneOf, optional, refused, type Setting, withDefault } from "./setting.ts";
import { ConfigError, type Environment, readSettings, type Shown } from "./settings.ts";
import { httpUrl } from "./url.ts";

/** An empty variable is an absent one. */
const said = (environment: Environment, name: string): string | undefined => environment[name] || undefined;

/** Who names an exporter says by that whether; else who says where. By the standard it would be on whatever is said. */
const isOn = (environment: Environment): boolean => {
  if (said(environment, "OTEL_SDK_DISABLED")?.toLowerCase() === "true") return false;
  const exporter = said(environment, "OTEL_TRACES_EXPORTER");
  if (exporter !== undefined) return exporter !== "none";
  const places = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
  return places.some((name) => said(environment, name) !== undefined);
};

const ratio: Setting<number> = {
  accepts: "a number from 0 to 1",
  shown: "text",
  absent: { value: 1 },
  read: (text) => {
    const value = /^\d(?:\.\d{1,18})?$/.test(text) ? Number(text) : Number.NaN;
    return value <= 1 ? ok(value) : refused();
  },
};

const isPair = (text: string): boolean => /^\s*[\w!#$%&'*+.^`|~-]+\s*=[\x20-\x7e]*$/.test(text);

const headers = checked(secretText("name=value pairs separated by commas, values percent-encoded"), (text) =>
  text.split(",").every(isPair) ? ok(text) : refused(),
);

const protocol = oneOf("http/protobuf");
const compression = oneOf("none", "gzip");
const timeoutMs = () => integerOr(100, 30_000, 10_000);

/** The exporter reads its own; they are here to be refused when they are wrong, and shown. */
const settings = {
  OTEL_TRACES_EXPORTER: withDefault(oneOf("otlp", "none"), "otlp"),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(httpUrl()),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: optional(httpUrl()),
  OTEL_EXPORTER_OTLP_PROTOCOL: withDefault(protocol, "http/protobuf"),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: optional(protocol),
  OTEL_EXPORTER_OTLP_HEADERS: optional(headers),
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: optional(headers),
  OTEL_EXPORTER_OTLP_TIMEOUT: timeoutMs(),
  OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: timeoutMs(),
  OTEL_EXPORTER_OTLP_COMPRESSION: optional(compression),
  OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: optional(compression),
  OTEL_TRACES_SAMPLER: withDefault(oneOf(...samplerNames), "parentbased_always_on"),
  OTEL_TRACES_SAMPLER_ARG: ratio,
  OTEL_SERVICE_NAME: optional(matching(/./, "a name")),
  OTEL_RESOURCE_ATTRIBUTES: optional(matching(/=/, "key=value pairs separated by commas")),
  OTEL_BSP_MAX_QUEUE_SIZE: integerOr(1, 100_000, 2_048),
  // The standard's 512, with 32 links each, take 10 to 60 ms of the event loop.
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: integerOr(1, 10_000, 64),
  OTEL_BSP_SCHEDULE_DELAY: integerOr(1, 600_000, 5_000),
  SPANS_PER_SECOND_MAX: integerOr(1, 100_000, 20),
};

const read = (environment: Environment): { readonly traces: TraceSettings; readonly shown: Shown } => {
  const { values, shown } = readSettings(settings, environment);
  const traces = {
    sampler: values.OTEL_TRACES_SAMPLER,
    ratio: values.OTEL_TRACES_SAMPLER_ARG,
    spansPerSecondMax: values.SPANS_PER_SECOND_MAX,
    queueSpansMax: values.OTEL_BSP_MAX_QUEUE_SIZE,
    batchSpansMax: values.OTEL_BSP_MAX_EXPORT_BATCH_SIZE,
    delayMs: values.OTEL_BSP_SCHEDULE_DELAY,
  };
  return { traces, shown };
};

export type Tracing = {
  /** Null: nothing is traced, and of OpenTelemetry's variables nothing else was read. */
  readonly traces: TraceSettings | null;
  /** As they may be logged. */
  readonly shown: Shown;
  /** Sentences about what is wrong, to be told with those about all the other settings. */
  readonly wrong: readonly string[];
};

/** Reads OpenTelemetry's standard variables. */
export const readTraceSettings = (environment: Environment): Tracing => {
  const none = { traces: null, shown: {}, wrong: [] };
  if (!isOn(environment)) return none;
  try {
    return { ...none, ...read(environment) };
  } catch (error) {
    if (error instanceof ConfigError) return { ...none, wrong: [error.message] };
    throw error;
  }
};
