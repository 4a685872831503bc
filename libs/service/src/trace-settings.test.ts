import { expect, test } from "vitest";
import { readTraceSettings } from "./trace-settings.ts";

const ENDPOINT = "http://collector:4318";

test.each([
  [{}, false],
  [{ OTEL_SERVICE_NAME: "shop", OTEL_TRACES_SAMPLER: "of nobody's" }, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "" }, false],
  [{ OTEL_TRACES_EXPORTER: "none", OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }, false],
  [{ OTEL_SDK_DISABLED: "true", OTEL_TRACES_EXPORTER: "otlp" }, false],
  [{ OTEL_TRACES_EXPORTER: "otlp" }, true],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }, true],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${ENDPOINT}/v1/traces`, OTEL_SDK_DISABLED: "false" }, true],
] as const)("%j: whether anything is traced is %s", (environment, isOn) => {
  const { traces, shown, wrong } = readTraceSettings(environment);
  expect([traces !== null, wrong]).toEqual([isOn, []]);
  if (!isOn) expect(shown).toEqual({});
});

test("what is not said is as the standard has it, but for batches that are small enough for an event loop", () => {
  expect(readTraceSettings({ OTEL_TRACES_EXPORTER: "otlp" }).traces).toEqual({
    sampler: "parentbased_always_on",
    ratio: 1,
    spansPerSecondMax: 20,
    queueSpansMax: 2_048,
    batchSpansMax: 64,
    delayMs: 5_000,
  });
  const said = { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.25", SPANS_PER_SECOND_MAX: "7" };
  const { traces } = readTraceSettings({ OTEL_TRACES_EXPORTER: "otlp", ...said });
  expect(traces).toMatchObject({ sampler: "traceidratio", ratio: 0.25, spansPerSecondMax: 7 });
});

test.each([
  ["OTEL_TRACES_EXPORTER", "zipkin", 'got "zipkin"; accepts otlp or none'],
  ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", 'got "grpc"; accepts http/protobuf'],
  ["OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317", "accepts an http or https URL"],
  ["OTEL_EXPORTER_OTLP_TIMEOUT", "10s", 'got "10s"; accepts an integer'],
  ["OTEL_TRACES_SAMPLER", "jaeger_remote", "parentbased_always_on"],
  ["OTEL_TRACES_SAMPLER_ARG", "1.5", 'got "1.5"; accepts a number from 0 to 1'],
  ["OTEL_TRACES_SAMPLER_ARG", "1e-3", 'got "1e-3"'],
] as const)("%s=%s is refused with a sentence", (name, value, sentence) => {
  const { traces, wrong } = readTraceSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, [name]: value });
  expect(traces).toBeNull();
  expect(wrong.join()).toMatch(new RegExp(`^${name}: `));
  expect(wrong.join()).toContain(sentence);
});

test("headers and a URL's user are in nothing that is shown, right or wrong", () => {
  const secrets = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://user:s3cr3t@collector:4318" };
  const right = readTraceSettings({ ...secrets, OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20s3cr3t,x-a=b" });
  expect(right.wrong).toEqual([]);
  expect(right.shown).toMatchObject({ OTEL_EXPORTER_OTLP_HEADERS: "configured" });
  const wrong = readTraceSettings({ ...secrets, OTEL_EXPORTER_OTLP_HEADERS: "Bearer s3cr3t" });
  expect(wrong.wrong.join()).toContain("OTEL_EXPORTER_OTLP_HEADERS: got a value of 13 characters");
  expect(JSON.stringify([right.shown, wrong])).not.toContain("s3cr3t");
});
