import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** Tests with services start their own, so few files at a time: two cores run two brokers well and four badly. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL("..", import.meta.url)),
    pool: "threads",
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          // A test of a tenth of a second takes seconds where twenty processes share two cores.
          testTimeout: 60_000,
          include: ["{apps/*,libs/*,drizzle}/src/**/*.test.{ts,tsx}"],
        },
      },
      {
        extends: true,
        test: {
          name: "services",
          include: ["test/**/*.test.{ts,tsx}"],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          maxWorkers: 2,
          // vitest 4 wants projects with different numbers of workers one after the other.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
