import type { EventState, LetterSight } from "@spillway/event";
import type { Problem } from "../respond.ts";

/** What is said of an event to who posted it: nothing of its content, and not where it is in our house. */
type Said = Readonly<Record<string, unknown>>;

const timeOf = (ms: number): string => new Date(ms).toISOString();

const deathOf = (letter: LetterSight): Said => ({
  class: letter.class,
  code: letter.code,
  died_at: timeOf(letter.diedAtMs),
  operator: letter.status,
});

const notSeen = (sinceMs: number | null, letter: LetterSight | null): Problem => {
  const since = sinceMs === null ? "nothing is remembered here yet" : `it has not come in since ${timeOf(sinceMs)}`;
  const members = { seen_since: sinceMs === null ? null : timeOf(sinceMs) };
  return {
    code: "event_not_seen",
    detail: `${since}; what was before that is not known`,
    members: letter === null ? members : { ...members, death: deathOf(letter) },
  };
};

/** The body of a 200, or why there is none. */
export const answerOfState = (state: EventState): Said | Problem => {
  switch (state.status) {
    case "pending":
      return { status: "pending", tier: state.tier, since: timeOf(state.sinceMs) };
    case "relayed":
      return { status: "relayed" };
    case "dead":
      return { status: "dead", death: deathOf(state.letter) };
    case "not_seen":
      return notSeen(state.sinceMs, state.letter);
    case "unknown":
      return {
        code: "lookup_unavailable",
        detail: `it is not among the newest ${state.rows} rows of the outbox, which holds more`,
        headers: { "retry-after": "30" },
      };
  }
};
