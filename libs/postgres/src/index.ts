export * from "./ask.ts";
export * from "./database.ts";
export * from "./fragments.ts";
