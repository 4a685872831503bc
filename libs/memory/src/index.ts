export type { KeptLetter, Letters } from "./letters.ts";
export { createManualClock, type ManualClock, settlePromises } from "./manual-clock.ts";
export type { Backend, Outages } from "./outages.ts";
export type { Outbox, OutboxTransaction } from "./outbox.ts";
export type { StreamLimits, Streams } from "./streams.ts";
export type { Topic, TopicOptions, Topics } from "./topics.ts";
export { createMemoryWorld, type MemoryWorld, type MemoryWorldOptions } from "./world.ts";
