export { settledBelonging } from "./installation.ts";
export { createManualClock, type ManualClock, settlePromises } from "./manual-clock.ts";
export type { Backend } from "./outages.ts";
export { createMemoryWorld, type MemoryWorld, type MemoryWorldOptions } from "./world.ts";
