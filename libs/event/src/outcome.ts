/**
 * What came of an attempt, as data. Only `retriable` may be tried again, fail over, or count against a breaker.
 *
 * - `ok`: the other side confirmed it.
 * - `retriable`: not now. It may or may not have happened (a timeout means unknown), so repeating must be safe.
 *   `pause` marks a fault that every record would meet (authorization, configuration): back off slowly, raise the
 *   alarm, and never push the backlog into the dead letters. After `attemptsMax` attempts it counts as `fatal`.
 *   `retime`: the time that we gave it is refused, and nothing else: another one may be taken.
 * - `fatal`: this content is refused for good. For several records at once it means that at least one of them is;
 *   `refused` are the indexes of exactly those that are, where the other side names them.
 */
export type Outcome =
  | { readonly kind: "ok" }
  | {
      readonly kind: "retriable";
      readonly code: string;
      readonly pause?: boolean;
      readonly attemptsMax?: number;
      readonly retime?: boolean;
    }
  | {
      readonly kind: "fatal";
      readonly code: string;
      readonly deadLetterClass: DeadLetterClass;
      readonly refused?: readonly number[];
    };

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
