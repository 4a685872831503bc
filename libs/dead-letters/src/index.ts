export * from "./discard.ts";
export type { LetterFilter, LetterGroup } from "./filter.ts";
export * from "./groups.ts";
export * from "./inspect.ts";
export { isLetterId } from "./letter.ts";
export * from "./put.ts";
export * from "./replay.ts";
