import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { spawnBun } from "./process.ts";

/* Bun reads the tsconfig.json of the folder that it is started in, and no other: nothing of ours may rest on it. */
const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "spillway-anywhere-"));
symlinkSync(root, join(folder, "spillway"));
writeFileSync(
  join(folder, "tsconfig.json"),
  JSON.stringify({ compilerOptions: { jsx: "react", jsxFactory: "h", paths: { "@spillway/*": ["./nothing/*"] } } }),
);
afterAll(() => rmSync(folder, { recursive: true }));

const PLACES = [
  ["/", root],
  ["a folder with another project's tsconfig.json", root],
  ["a folder that holds a link to us", join(folder, "spillway")],
] as const;
const cwdOf = (place: string): string => (place === "/" ? "/" : folder);

const ENTRIES = [
  ["apps/edge/src/main.bun.ts", "DATABASE_URL"],
  ["apps/relay/src/main.bun.ts", "DATABASE_URL"],
  ["apps/dashboard/src/main.bun.ts", "DATABASE_URL"],
  ["libs/redis-rest/src/main.ts", "TOKEN"],
] as const;

describe.each(PLACES)("started in %s", (place, from) => {
  test.each(ENTRIES)("%s asks for its settings, of which it has none", (entry, missing) => {
    for (const env of [{}, { NODE_ENV: "production" }]) {
      const { status, stderr } = spawnSync(process.execPath, [join(from, entry)], {
        cwd: cwdOf(place),
        env,
        encoding: "utf8",
      });
      expect(stderr).toContain(missing);
      expect(stderr).not.toContain("Cannot find");
      expect(status).toBe(1);
    }
  });

  test.each([undefined, "production"])("the dashboard draws its pages, with NODE_ENV=%s", async (mode) => {
    const nobody = "127.0.0.1:1";
    const dashboard = await spawnBun(join(from, "apps/dashboard/src/main.bun.ts"), {
      cwd: cwdOf(place),
      env: {
        ...(mode && { NODE_ENV: mode }),
        DASHBOARD_PASSWORD: "a password of the tests",
        REDIS_URL: `redis://${nobody}`,
        DATABASE_URL: `postgres://${nobody}/spillway`,
        EDGE_URL: `http://${nobody}`,
        RELAY_URL: `http://${nobody}`,
      },
    });
    const page = await fetch(`${dashboard.url}/login`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("<form");
    expect(await dashboard.stop()).toEqual({ code: 0, signal: null });
  });
});
