import { existsSync } from "node:fs";
import { alertsPage, startAlertmanager, startPrometheus } from "@spillway/backends";
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

test("a Prometheus that was fetched shows its pages, with all that they are made of", async () => {
  const prometheus = await startPrometheus({ rules: "groups: []", targets: [], scrapeMs: 1_000 });
  const page = await alertsPage(prometheus);
  const shown = await fetch(page);
  expect(shown.status).toBe(200);
  const text = await shown.text();
  const parts = [...text.matchAll(/(?:src|href)="([^"]+\.(?:js|css))[^"]*"/g)].map(([, part = ""]) => part);
  expect(parts).not.toEqual([]);
  const answers = await Promise.all(parts.map((part) => fetch(new URL(part, page))));
  expect(answers.filter(({ ok }) => !ok).map(({ url }) => url)).toEqual([]);
  await prometheus.stop();
});
