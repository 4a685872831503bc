/**
 * What came of an attempt, as data. Only `retriable` may be tried again, fail over, or count against a breaker.
 *
 * - `ok`: the other side confirmed it.
 * - `retriable`: not now. It may or may not have happened (a timeout means unknown), so repeating must be safe.
 *   `pause` marks a fault that every record would meet (authorization, configuration): back off slowly, raise the
 *   alarm, and never push the backlog into the dead letters. After `attemptsMax` attempts it counts as `fatal`.
 * - `fatal`: this content is refused for good. For several records at once it means that at least one of them is.
 */
export type Outcome =
  | { readonly kind: "ok" }
  | { readonly kind: "retriable"; readonly code: string; readonly pause?: boolean; readonly attemptsMax?: number }
  | { readonly kind: "fatal"; readonly code: string; readonly deadLetterClass: DeadLetterClass };

/** Why a dead letter died. Closed list: it is a metric label. */
export type DeadLetterClass = "poison" | "oversize" | "rejected" | "undecodable";

export const ok: Outcome = { kind: "ok" };

/**
 * The one error that a port may throw besides programmer errors: the backend cannot answer now.
 * `code` is from the adapter's table and safe to log; the vendor's text is not (it can contain a payload).
 */
export class Unavailable extends Error {
  readonly code: string;

  constructor(code: string, options?: ErrorOptions) {
    super(`unavailable: ${code}`, options);
    this.name = "Unavailable";
    this.code = code;
  }
}
