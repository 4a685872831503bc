export * from "./check.ts";
export * from "./compatibility.ts";
export * from "./dialect.ts";
export type { Fault } from "./fault.ts";
