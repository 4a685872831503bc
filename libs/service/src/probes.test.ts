import { platform } from "@spillway/event/platform-node";
import { describe, expect, test } from "vitest";
import { createMetricsRoute, type MetricsAccess, metricsAccessOf } from "./metrics.ts";
import { createProbes, type Status } from "./probes.ts";

const metrics = { expose: async () => ({ text: "x 1\n", contentType: "text/plain; version=0.0.4" }) };

const open = (status: Status = "up", access: MetricsAccess = "open") => {
  const probes = createProbes({
    readiness: async () => ({ status }),
    isStopping: () => status === "stopping",
    metrics: createMetricsRoute(metrics, access, platform),
  });
  return (method: string, path: string, headers: Record<string, string> = {}) =>
    probes(new Request(`http://x${path}`, { method, headers }), path);
};

test.each([
  ["up", 200, 204],
  ["degraded", 200, 204],
  ["down", 503, 204],
  ["stopping", 503, 503],
] as const)("%s is %i, and %i to who asks OPTIONS /", async (status, readyz, root) => {
  const ask = open(status);
  for (const method of ["GET", "HEAD", "OPTIONS"]) {
    const answer = await ask(method, "/readyz");
    expect([answer?.status, answer?.headers.get("cache-control")]).toEqual([readyz, "no-store"]);
    expect((await ask(method, "/livez"))?.status).toBe(200);
  }
  expect((await ask("OPTIONS", "/"))?.status).toBe(root);
  expect(await ask("GET", "/")).toBeNull();
  expect(await ask("GET", "/livez/")).toBeNull();
  const post = await ask("POST", "/livez");
  expect([post?.status, post?.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
});

describe("/metrics", () => {
  const access = (ENVIRONMENT: "development" | "production", HOST: string, METRICS_TOKEN?: string) =>
    metricsAccessOf({ ENVIRONMENT, HOST, METRICS_TOKEN });

  test("is open in development on loopback alone", () => {
    expect(access("development", "127.0.0.1")).toBe("open");
    expect(access("production", "127.0.0.1")).toBe("closed");
    expect(access("development", "10.0.0.1")).toBe("closed");
    expect(access("development", "127.0.0.1", "t")).toEqual({ token: "t" });
  });

  test("says that it is closed, or asks for its token", async () => {
    const closed = await open("up", "closed")("GET", "/metrics");
    expect([closed?.status, await closed?.text()]).toEqual([
      404,
      "/metrics is closed here: set METRICS_TOKEN to read it\n",
    ]);
    const ask = open("up", { token: "right.token" });
    expect((await ask("GET", "/metrics"))?.status).toBe(401);
    expect((await ask("GET", "/metrics", { authorization: "Bearer wrong" }))?.status).toBe(401);
    expect(await (await ask("GET", "/metrics", { authorization: "bearer  right.token" }))?.text()).toBe("x 1\n");
  });
});
