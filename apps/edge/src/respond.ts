import { answer } from "@spillway/service";
import { type ProblemCode, type ProblemMembers, problemBody, problems } from "./problem.ts";

type Headers = Readonly<Record<string, string>>;

const respond = (status: number, contentType: string, body: string, requestId: string, headers?: Headers): Response =>
  answer(status, contentType, body, { "x-request-id": requestId, ...headers });

export const respondJson = (status: number, body: string, requestId: string, headers?: Headers): Response =>
  respond(status, "application/json", body, requestId, headers);

export const respondText = (contentType: string, body: string, requestId: string, headers?: Headers): Response =>
  respond(200, contentType, body, requestId, headers);

export type Problem = {
  readonly code: ProblemCode;
  /** A sentence for the client's developer; contains nothing of the payload. */
  readonly detail: string;
  readonly headers?: Headers;
  readonly members?: ProblemMembers;
};

export const respondProblem = (problem: Problem, requestId: string): Response =>
  respond(
    problems[problem.code].status,
    "application/problem+json",
    problemBody(problem.code, requestId, problem.detail, problem.members),
    requestId,
    problem.headers,
  );
