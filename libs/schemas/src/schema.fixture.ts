import { readSchema, type Schema } from "./dialect.ts";

/** A schema that must be right. */
export const schemaOf = (root: unknown): Schema => {
  const read = readSchema(root);
  if (read.kind === "refused") throw new Error(JSON.stringify(read.faults));
  return read.schema;
};
