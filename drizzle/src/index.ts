export * from "./migrate.ts";
export * from "./schema.ts";
