import type { Running } from "@spillway/backends";
import { startPostgres } from "@spillway/backends";
import { createSchemaStore } from "@spillway/schemas/store";
import { afterAll, beforeAll } from "vitest";
import { schemasConformance } from "../conformance/schemas.ts";
import { openFresh } from "../outbox/fresh-database.ts";

let server: Running;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

schemasConformance("Postgres", async () => {
  const { database, close } = await openFresh(server.url);
  return {
    schemas: createSchemaStore({ database }),
    begin: () => server.kill("SIGKILL"),
    end: () => server.restart(),
    close,
  };
});
