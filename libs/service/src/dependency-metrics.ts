import type { Metrics } from "@spillway/telemetry";

type Checks = Readonly<Record<string, { readonly status: "up" | "down" | "unknown" }>>;

/** What the app rests on, asked as `/readyz` asks. Of what nobody knows yet there is no number. */
export const showDependencies = (metrics: Metrics, readiness: () => Promise<{ readonly checks: Checks }>): void => {
  const up = metrics.gauge("spillway_dependency_up", "1 when the last question to it was answered, else 0.", [
    "dependency",
  ]);
  metrics.beforeExpose(async () => {
    const { checks } = await readiness();
    for (const [dependency, { status }] of Object.entries(checks))
      if (status !== "unknown") up.set(status === "up" ? 1 : 0, { dependency });
  });
};
