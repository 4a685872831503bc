import type { RefusalCode } from "../commit/result.ts";
import { refusalDetails } from "../problem.ts";
import { respondJson, respondProblem } from "../respond.ts";
import type { AdmittedEvent, NotAdmitted } from "./admit.ts";
import type { IngestLimits, IngestPorts } from "./ports.ts";

const respondInvalid = (event: NotAdmitted, limits: IngestLimits, requestId: string): Response => {
  const { id, code, detail, pointer } = event;
  const limit = code === "event_too_large" ? { limit: limits.eventBytesMax } : undefined;
  return respondProblem({ code, detail, members: { id, pointer, ...limit } }, requestId);
};

const respondRefused = (id: string, code: RefusalCode, retryAfterSeconds: number, requestId: string): Response => {
  const headers = { "retry-after": String(retryAfterSeconds) };
  return respondProblem({ code, detail: refusalDetails[code], headers, members: { id } }, requestId);
};

/** Commits one event and answers for it. */
export const ingestSingle = async (
  event: AdmittedEvent,
  ports: IngestPorts,
  limits: IngestLimits,
  requestId: string,
): Promise<Response> => {
  if (event.kind === "invalid") return respondInvalid(event, limits, requestId);
  const { sealed } = event;
  const [result] = await ports.committer.commit([sealed]);
  if (result === undefined) throw new Error("a commit of one event has no result");
  if (result.kind === "refused")
    return respondRefused(sealed.id, result.code, ports.committer.retryAfterSeconds(result.code), requestId);
  return respondJson(
    202,
    `{"id":${JSON.stringify(sealed.id)},"status":"${result.kind}","tier":"${result.tier}"}`,
    requestId,
  );
};
