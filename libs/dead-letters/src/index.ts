export * from "./discard.ts";
export * from "./inspect.ts";
export { isLetterId } from "./letter.ts";
export * from "./put.ts";
export type { Actor, Refusal } from "./refusal.ts";
export * from "./replay.ts";
