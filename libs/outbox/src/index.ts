export * from "./drain.ts";
export * from "./enqueue.ts";
export * from "./inspect.ts";
export * from "./ledger.ts";
export * from "./tier.ts";
