export * from "./limits.ts";
export * from "./log.ts";
export * from "./metrics.ts";
