import type { EventResult, RefusalCode } from "../commit/result.ts";
import { type ProblemCode, problems, refusalDetails } from "../problem.ts";
import { type Problem, respondJson, respondProblem } from "../respond.ts";
import type { NotAdmitted } from "./admit.ts";

/** An entry of a batch answer: one event that was not stored. */
type BatchError = Omit<NotAdmitted, "kind" | "code"> & {
  readonly index: number;
  readonly code: ProblemCode;
  readonly retryable: boolean;
};

/** What became of a batch, collected event by event. */
export class BatchOutcome {
  #accepted = 0;
  #duplicates = 0;
  #invalid = 0;
  #refusal: RefusalCode | null = null;
  readonly #errors: BatchError[] = [];

  addInvalid(index: number, { id, code, detail, pointer }: NotAdmitted): void {
    this.#invalid++;
    this.#errors.push({ index, id, code, detail, pointer, retryable: false });
  }

  settle(index: number, id: string, result: EventResult): void {
    if (result.kind === "refused") {
      const { code } = result;
      this.#refusal ??= code;
      const { retryable } = problems[code];
      this.#errors.push({ index, id, code, detail: refusalDetails[code], pointer: "", retryable });
    } else if (result.kind === "accepted") this.#accepted++;
    else this.#duplicates++;
  }

  /** 202 all stored · 207 mixed · 403 all of forbidden sources · 422 none valid · 429 or 503 none stored. */
  respond(requestId: string, retryAfterSeconds: (code: RefusalCode) => number): Response {
    const errors = this.#errors.sort((a, b) => a.index - b.index);
    const members = {
      accepted: this.#accepted,
      duplicates: this.#duplicates,
      invalid: this.#invalid,
      refused: errors.length - this.#invalid,
      request_id: requestId,
      errors,
    };
    const code = this.#refusal;
    const headers = code === null ? undefined : { "retry-after": String(retryAfterSeconds(code)) };
    if (errors.length === 0) return respondJson(202, JSON.stringify(members), requestId);
    if (this.#accepted + this.#duplicates > 0) return respondJson(207, JSON.stringify(members), requestId, headers);
    if (code !== null) return respondProblem({ code, detail: refusalDetails[code], headers, members }, requestId);
    const problem: Problem = errors.every((error) => error.code === "source_forbidden")
      ? { code: "source_forbidden", detail: "the key may send none of the events", members }
      : { code: "none_valid", detail: `all ${errors.length} events are invalid`, members };
    return respondProblem(problem, requestId);
  }
}
