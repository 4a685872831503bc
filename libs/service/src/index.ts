export * from "./address.ts";
export * from "./addressed.ts";

export { answerText } from "./answer.ts";
export * from "./bearer.ts";
export * from "./dependency-metrics.ts";
export * from "./host.ts";
export * from "./installation.ts";
export * from "./kafka.ts";
export * from "./kept.ts";
export * from "./metrics.ts";
export * from "./postgres-url.ts";
export * from "./probes.ts";
export * from "./redacted.ts";
export * from "./secret.ts";
export * from "./setting.ts";
export * from "./settings.ts";
export * from "./trace-settings.ts";
export * from "./url.ts";
