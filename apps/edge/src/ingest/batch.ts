import type { ReadEvent, SealedEvent } from "@spillway/event";
import type { EventResult, RefusalCode } from "../commit/result.ts";
import { type ProblemCode, problems, refusalDetails } from "../problem.ts";
import { type Problem, respondJson, respondProblem } from "../respond.ts";
import type { AdmittedEvent, NotAdmitted } from "./admit.ts";
import { answerOf, type EventAnswer, preferenceApplied } from "./representation.ts";
import type { Store } from "./store.ts";

/** An entry of a batch answer: one event that was not stored. */
type BatchError = Omit<NotAdmitted, "kind" | "code" | "more"> & {
  readonly index: number;
  readonly code: ProblemCode;
  readonly retryable: boolean;
};

const refusedError = (index: number, id: string, code: RefusalCode): BatchError => {
  const { retryable } = problems[code];
  return { index, id, code, detail: refusalDetails[code], pointer: "", retryable };
};

/** All forbidden, none valid, or none stored. */
const problemOf = (errors: readonly BatchError[], refusal: RefusalCode | null): Omit<Problem, "members"> => {
  if (refusal !== null) return { code: refusal, detail: refusalDetails[refusal] };
  return errors.every(({ code }) => code === "source_forbidden")
    ? { code: "source_forbidden", detail: "the key may send none of the events" }
    : { code: "none_valid", detail: `all ${errors.length} events are invalid` };
};

/**
 * Commits the valid events of a batch and answers for all of them. An empty batch is a batch that is all stored.
 * With each of them where the answer `represents` the batch. `giveWay` is asked after each event whether it is another's turn.
 * 202 all stored · 207 mixed · 403 all of forbidden sources · 422 none valid · 429 or 503 none stored.
 */
export const ingestBatch = async (
  events: readonly ReadEvent[],
  admit: (event: ReadEvent) => AdmittedEvent,
  store: Store,
  requestId: string,
  represents: boolean,
  giveWay: () => Promise<void> | undefined,
): Promise<Response> => {
  const answers = represents ? new Array<EventAnswer>(events.length) : null;
  const errors: BatchError[] = [];
  const warnings: Omit<BatchError, "retryable">[] = [];
  const sealed: SealedEvent[] = [];
  const indexes: number[] = [];
  for (let index = 0; index < events.length; index++) {
    const event = admit(events[index] as ReadEvent);
    const turn = giveWay();
    if (turn !== undefined) await turn;
    if (event.kind === "ok") {
      sealed.push(event.sealed);
      indexes.push(index);
      const [warning] = event.warnings ?? [];
      if (warning !== undefined) warnings.push({ index, id: event.sealed.id, ...warning });
    } else {
      const { id, code, detail, pointer } = event;
      errors.push({ index, id, code, detail, pointer, retryable: false });
      if (answers !== null) answers[index] = { id, status: "invalid" };
    }
  }
  const results = await store.commit(sealed);
  const counts = { accepted: 0, duplicate: 0, refused: 0 };
  const tiers = { both: 0, stream: 0, outbox: 0 };
  let isToBeInBoth = false;
  const refusals = new Set<RefusalCode>();
  for (let i = 0; i < sealed.length; i++) {
    const result = results[i] as EventResult;
    counts[result.kind]++;
    if (answers !== null) answers[indexes[i] as number] = answerOf(sealed[i] as SealedEvent, result);
    isToBeInBoth ||= sealed[i]?.durability !== undefined;
    if (result.kind !== "refused") {
      tiers[result.tier]++;
      continue;
    }
    refusals.add(result.code);
    errors.push(refusedError(indexes[i] as number, (sealed[i] as SealedEvent).id, result.code));
  }
  const members = {
    accepted: counts.accepted,
    duplicates: counts.duplicate,
    invalid: events.length - sealed.length,
    refused: counts.refused,
    ...(isToBeInBoth ? { tiers } : {}),
    request_id: requestId,
    ...(answers === null ? {} : { events: answers }),
    ...(warnings.length === 0 ? {} : { warnings }),
    errors: errors.sort((a, b) => a.index - b.index),
  };
  const applied = answers === null ? undefined : preferenceApplied;
  if (errors.length === 0) return respondJson(202, JSON.stringify(members), requestId, applied);
  const [refusal = null] = refusals;
  const wait = refusal === null ? undefined : { "retry-after": String(store.retryAfterSeconds(refusals)) };
  const headers = { ...wait, ...applied };
  if (counts.accepted + counts.duplicate > 0) return respondJson(207, JSON.stringify(members), requestId, headers);
  return respondProblem({ ...problemOf(errors, refusal), headers, members }, requestId);
};
