export * from "./database.ts";
export * from "./durable.ts";
export * from "./unavailable.ts";
