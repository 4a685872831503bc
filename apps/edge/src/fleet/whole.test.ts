import { expect, test } from "vitest";
import { answeringForAll } from "./whole.ts";

const METRIC = "# HELP a A.\n# TYPE a counter\na 1\n";
const answerOf = (status: string): Response => {
  const code = status === "down" || status === "stopping" ? 503 : 200;
  return new Response(JSON.stringify({ status }), { status: code, headers: { "x-own": status } });
};

/** What three members answer whose own answers are these; the second one is asked. Null: nothing. */
const whole = (statuses: readonly (string | null)[], path: string, init: RequestInit = {}) => {
  const asked: number[] = [];
  const own = (request: Request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/metrics" && !request.headers.has("authorization")) return new Response(null, { status: 401 });
    return pathname === "/metrics" ? new Response(METRIC) : answerOf(statuses[1] ?? "up");
  };
  const fetch = answeringForAll(
    2,
    statuses.length,
    async (member, request) => {
      asked.push(member);
      const status = statuses[member - 1] ?? null;
      if (status === null) return null;
      return new URL(request.url).pathname === "/metrics" ? new Response(METRIC) : answerOf(status);
    },
    own,
  );
  return { asked, answer: fetch(new Request(`http://edge${path}`, init), () => undefined) };
};

test.each([
  [["up", "up", "up"], "up", 200],
  [["up", "up", "degraded"], "degraded", 200],
  [["down", "up", "up"], "degraded", 200],
  [[null, "up", "up"], "degraded", 200],
  [["down", "down", null], "down", 503],
  [["up", "up", "stopping"], "stopping", 503],
] as const)("of members that are %s the whole is %s", async (statuses, status, code) => {
  const { answer } = whole(statuses, "/readyz");
  const response = await answer;
  expect(response.status).toBe(code);
  expect(await response.json()).toEqual({
    status,
    members: statuses.map((each, index) => ({ member: index + 1, status: each ?? "silent" })),
  });
});

test("HEAD asks them all as well, and has no body", async () => {
  const { answer, asked } = whole(["down", "down", null], "/readyz", { method: "HEAD" });
  const response = await answer;
  expect([response.status, await response.text(), asked]).toEqual([503, "", [1, 3]]);
});

test("metrics are those of all who answer, for whom the one that is asked gives its own", async () => {
  const given = { headers: { authorization: "Bearer t" } };
  const { answer } = whole(["up", "up", null], "/metrics?x=1", given);
  expect(await (await answer).text()).toBe('# HELP a A.\n# TYPE a counter\na{member="1"} 1\na{member="2"} 1\n');
  const refused = whole(["up", "up", "up"], "/metrics");
  expect([(await refused.answer).status, refused.asked]).toEqual([401, []]);
});

test.each([
  ["/livez", "GET"],
  ["/readyz", "OPTIONS"],
  ["/docs", "GET"],
])("%s is one's own, by %s", async (path, method) => {
  const { answer, asked } = whole(["up", "up", "up"], path, { method });
  await answer;
  expect(asked).toEqual([]);
});
