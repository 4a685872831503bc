import { expect, test } from "vitest";
import { createRefusals } from "./refusals.ts";
import { respondJson, respondProblem } from "./respond.ts";

test("counts who is to come again, by why, until a minute passes without one", () => {
  let nowMs = 0;
  const refusals = createRefusals({ monotonicMs: () => nowMs });
  const saw = (code: Parameters<typeof respondProblem>[0]["code"]) =>
    refusals.saw(respondProblem({ code, detail: "" }, "r"));
  saw("unauthorized");
  refusals.saw(respondJson(202, "{}", "r"));
  refusals.saw(respondJson(207, "{}", "r"));
  expect(refusals.state()).toEqual({ requests: 0, runs: [] });
  saw("backlog_full");
  nowMs = 30_000;
  saw("backlog_full");
  saw("unavailable");
  refusals.saw(respondJson(207, "{}", "r", { "retry-after": "3" }));
  expect(refusals.state()).toEqual({
    requests: 4,
    runs: [
      { code: "backlog_full", requests: 2, for_ms: 30_000, last_ms_ago: 0 },
      { code: "unavailable", requests: 1, for_ms: 0, last_ms_ago: 0 },
      { code: "partly", requests: 1, for_ms: 0, last_ms_ago: 0 },
    ],
  });
  nowMs = 89_999;
  expect(refusals.state().runs).toHaveLength(3);
  nowMs = 90_000;
  expect(refusals.state()).toEqual({ requests: 4, runs: [] });
  saw("backlog_full");
  expect(refusals.state().runs).toMatchObject([{ requests: 1, for_ms: 0 }]);
});
