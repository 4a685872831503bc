#!/usr/bin/env node
import { writeFileSync } from "node:fs";
import { readSchemas, writeEventTypes } from "./schema-types.ts";

/* `EDGE_URL=… API_KEY=… spillway-types events.ts`: the key is in no argument, which everybody on the machine may read. */
const [file] = process.argv.slice(2);
const { EDGE_URL: url, API_KEY: key } = process.env;
if (url === undefined || file === undefined) {
  console.error("usage: EDGE_URL=https://edge.example API_KEY=… spillway-types events.ts");
  process.exitCode = 2;
} else {
  try {
    const schemas = await readSchemas({ url, key });
    writeFileSync(file, writeEventTypes(schemas));
    console.log(`${file}: ${Object.keys(schemas).length} types`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
