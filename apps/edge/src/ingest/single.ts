import { refusalDetails } from "../problem.ts";
import { respondJson, respondProblem } from "../respond.ts";
import type { AdmittedEvent } from "./admit.ts";
import type { IngestLimits } from "./ports.ts";
import type { Store } from "./store.ts";

/** Commits one event and answers for it. */
export const ingestSingle = async (
  event: AdmittedEvent,
  store: Store,
  limits: IngestLimits,
  requestId: string,
): Promise<Response> => {
  if (event.kind === "invalid") {
    const { id, code, detail, pointer, more = [] } = event;
    const errors = [{ code, detail, pointer }, ...more];
    const limit = code === "event_too_large" ? { limit: limits.eventBytesMax } : undefined;
    return respondProblem({ code, detail, members: { id, pointer, ...limit, errors } }, requestId);
  }
  const { id } = event.sealed;
  const [result] = await store.commit([event.sealed]);
  if (result === undefined) throw new Error("a commit of one event has no result");
  if (result.kind === "refused") {
    const { code } = result;
    const headers = { "retry-after": String(store.retryAfterSeconds([code])) };
    return respondProblem({ code, detail: refusalDetails[code], headers, members: { id } }, requestId);
  }
  const warnings = event.warnings === undefined ? "" : `,"warnings":${JSON.stringify(event.warnings)}`;
  const body = `{"id":${JSON.stringify(id)},"status":"${result.kind}","tier":"${result.tier}","request_id":"${requestId}"${warnings}}`;
  return respondJson(202, body, requestId);
};
