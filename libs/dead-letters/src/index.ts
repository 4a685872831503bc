export * from "./discard.ts";
export * from "./inspect.ts";
export { isLetterId } from "./letter.ts";
export * from "./put.ts";
export * from "./replay.ts";
