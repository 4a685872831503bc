import { readFileSync } from "node:fs";
import { type Running, startAlertmanager, startPrometheus } from "@spillway/backends";
import { DASHBOARD_PASSWORD } from "../support/dashboard.ts";
import { hastened, telemetryFolder } from "./rules.ts";

const ASK_MS = 5_000;

/** A minute of the rules takes twelve seconds: still longer than a takeover. What their expressions compare stays as it is. */
const FACTOR = 5;

/** What the dashboard shows, as JSON. */
export const lookAt = async (dashboard: Running): Promise<Record<string, unknown>> => {
  const body = new URLSearchParams({ password: DASHBOARD_PASSWORD });
  const login = await fetch(`${dashboard.url}/login`, { method: "POST", body, redirect: "manual" });
  const cookie = login.headers.get("set-cookie")?.split(";")[0] ?? "";
  return (await fetch(dashboard.url, { headers: { cookie, accept: "application/json" } })).json();
};

type Sample = { readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] };

/** A real Prometheus that asks these apps, with the rules hastened, and a real Alertmanager behind it. */
export const startObservers = async (apps: readonly Running[]) => {
  const config = readFileSync(`${telemetryFolder}/alerts/alertmanager.yml`, "utf8");
  const alertmanager = await startAlertmanager({ config });
  const targets = apps.map(({ port }) => `127.0.0.1:${port}`);
  const prometheus = await startPrometheus({ rules: hastened(FACTOR), targets, scrapeMs: 1_000, alertmanager });
  const ask = async (url: string) => (await fetch(url, { signal: AbortSignal.timeout(ASK_MS) })).json();

  const query = async (expr: string): Promise<readonly Sample[]> => {
    const { data } = await ask(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(expr)}`);
    return data.result;
  };

  return {
    query,
    /** The one number that it comes to; null: none. */
    number: async (expr: string): Promise<number | null> => {
      const [sample] = await query(expr);
      return sample === undefined ? null : Number(sample.value[1]);
    },
    /** The alerts that somebody would be told of: those that fire, without what only follows from them. */
    told: async (): Promise<readonly string[]> => {
      const url = `${alertmanager.url}/api/v2/alerts?active=true&inhibited=false&silenced=false`;
      const alerts: readonly { labels: Record<string, string> }[] = await ask(url);
      return [...new Set(alerts.map(({ labels }) => labels.alertname ?? ""))].toSorted();
    },
    stop: async () => void (await Promise.all([prometheus.stop(), alertmanager.stop()])),
  };
};
