import { defineConfig } from "drizzle-kit";

/** Only `generate` is used: migrations are applied by src/migrate.ts, which takes the URL from its caller. */
const config = defineConfig({ dialect: "postgresql", schema: "./src/schema.ts", out: "./migrations" });

export { config as default };
