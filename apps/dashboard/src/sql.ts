import type { ask } from "@spillway/postgres";

/** What a query is written with. */
export type Sql = Parameters<Parameters<typeof ask>[2]>[0];
