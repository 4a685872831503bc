import type { SealedEvent } from "@spillway/event";
import type { EventResult, Held } from "../commit/result.ts";

/** What became of one event of a batch; `tier` where it is stored. */
export type EventAnswer = {
  /** Null where it had none and was not valid. */
  readonly id: string | null;
  readonly status: EventResult["kind"] | "invalid";
  readonly tier?: Held;
};

const asked = /(?:^|,)\s*return\s*=\s*"?representation"?\s*(?:[;,]|$)/i;

/** `Prefer: return=representation` (RFC 7240): who sends a batch wants to hear of each event, and not only of those that are not stored. */
export const wantsRepresentation = (headers: Headers): boolean => asked.test(headers.get("prefer") ?? "");

export const answerOf = ({ id }: SealedEvent, result: EventResult): EventAnswer =>
  result.kind === "refused" ? { id, status: "refused" } : { id, status: result.kind, tier: result.tier };

export const preferenceApplied = { "preference-applied": "return=representation" };
