import { type Running, startAlertmanager, startPrometheus } from "@spillway/backends";
import { hastenedAlertmanager, hastenedRules } from "./rules.ts";

const ASK_MS = 5_000;
const SCRAPE_MS = 1_000;

type Labels = Readonly<Record<string, string>>;
type Sample = { readonly metric: Labels; readonly value: readonly [number, string] };
/** As Alertmanager's API has it: `suppressed` is what is not sent, since another one that fires is its cause. */
type Standing = { readonly labels: Labels; readonly status: { readonly state: "active" | "suppressed" } };

const ask = async (url: string) => (await fetch(url, { signal: AbortSignal.timeout(ASK_MS) })).json();
const namesOf = (alerts: readonly Labels[]): readonly string[] =>
  [...new Set(alerts.map(({ alertname = "" }) => alertname))].toSorted();

/** Who is told, in an operator's place: of each alert, named with its labels, whether it was said last that it fires. */
const startPager = () => {
  const alerts = new Map<string, { readonly labels: Labels; readonly fires: boolean }>();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const sent = (await request.json()) as { alerts: readonly { labels: Labels; status: string }[] };
      for (const { labels, status } of sent.alerts)
        alerts.set(JSON.stringify(labels), { labels, fires: status === "firing" });
      return new Response();
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    alerts,
    stop: () => server.stop(true),
  };
};

/** A real Prometheus that asks these apps, and a real Alertmanager behind it, both hastened, and who is told by that. */
export const startObservers = async (apps: readonly Running[]) => {
  const pager = startPager();
  const alertmanager = await startAlertmanager({ config: hastenedAlertmanager(pager.url) });
  const targets = apps.map(({ port }) => `127.0.0.1:${port}`);
  const prometheus = await startPrometheus({ rules: hastenedRules(), targets, scrapeMs: SCRAPE_MS, alertmanager });

  const query = async (expr: string): Promise<readonly Sample[]> => {
    const answer = await ask(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(expr)}`);
    if (answer.status !== "success") throw new Error(`Prometheus refuses ${expr}: ${answer.error}`);
    return answer.data.result;
  };
  const standing = async (): Promise<readonly Standing[]> => ask(`${alertmanager.url}/api/v2/alerts`);
  const standingAs = async (state: Standing["status"]["state"]): Promise<readonly string[]> =>
    namesOf((await standing()).filter(({ status }) => status.state === state).map(({ labels }) => labels));

  return {
    query,
    /** The one number that it comes to; null: none. */
    number: async (expr: string): Promise<number | null> => {
      const [sample] = await query(expr);
      return sample === undefined ? null : Number(sample.value[1]);
    },
    /** The alerts that are the cause, and those that only follow, as Alertmanager has them now. */
    active: () => standingAs("active"),
    suppressed: () => standingAs("suppressed"),
    /** All that was ever sent, since it was forgotten. */
    sent: (): readonly string[] => namesOf([...pager.alerts.values()].map(({ labels }) => labels)),
    forgetSent: () => pager.alerts.clear(),
    /** Nothing fires or is about to, and who was told that something does was told that it is over. */
    isQuiet: async (): Promise<boolean> =>
      (await query("ALERTS")).length === 0 &&
      (await standing()).length === 0 &&
      [...pager.alerts.values()].every(({ fires }) => !fires),
    stop: async () => {
      await Promise.all([prometheus.stop(), alertmanager.stop()]);
      await pager.stop();
    },
  };
};
