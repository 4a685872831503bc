import { existsSync } from "node:fs";
import { startAlertmanager } from "@spillway/backends";
import { expect, test } from "vitest";

const SYSTEM_FOLDER = "/usr/share/prometheus";

test("an Alertmanager that was fetched starts without a file of its own outside of the cache", async () => {
  const before = existsSync(SYSTEM_FOLDER);
  const config = JSON.stringify({ route: { receiver: "nobody" }, receivers: [{ name: "nobody" }] });
  const alertmanager = await startAlertmanager({ config });
  expect((await (await fetch(`${alertmanager.url}/api/v2/status`)).json()).config.original).toContain("nobody");
  await alertmanager.stop();
  expect(existsSync(SYSTEM_FOLDER)).toBe(before);
});
