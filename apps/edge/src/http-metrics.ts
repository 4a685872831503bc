import type { Metrics } from "@spillway/telemetry";

const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Routes come from the router's closed list, statuses and codes from ours: the number of series has a limit. */
export const createHttpMetrics = (metrics: Metrics) => {
  const requests = metrics.counter("spillway_http_requests_total", "Requests answered.", ["route", "status"]);
  const seconds = metrics.histogram(
    "spillway_http_request_seconds",
    "Time from a request's headers to its answer.",
    SECONDS,
    ["route"],
  );
  const invalid = metrics.counter(
    "spillway_events_invalid_total",
    "Events that may not be sent again as they are, by code.",
    ["code"],
  );
  const problems = metrics.counter(
    "spillway_http_problems_total",
    "Requests that were refused as a whole, by the code of the answer.",
    ["code"],
  );
  return {
    /** Undefined: it was not refused. */
    problem: (code: string | undefined): void => {
      if (code !== undefined) problems.add(1, { code });
    },
    /** Of one route; to be kept. */
    answeredOf: (route: string): ((status: number, ms: number) => void) => {
      const took = seconds.of({ route });
      const byStatus = new Map<number, ReturnType<typeof requests.of>>();
      return (status, ms) => {
        const known = byStatus.get(status) ?? requests.of({ route, status: String(status) });
        byStatus.set(status, known);
        known.add(1);
        took.observe(ms / 1_000);
      };
    },
    invalid: (code: string): void => invalid.add(1, { code }),
  };
};
