export * from "./limits.ts";
export * from "./log.ts";
export * from "./metrics.ts";
export * from "./span-counts.ts";
export * from "./trace-settings.ts";
export * from "./traces.ts";
