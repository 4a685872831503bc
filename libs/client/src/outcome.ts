/** Why the edge will never take an event. */
export type Refusal = {
  readonly kind: "refused";
  /** Stable; the edge's `/docs#code` explains it. */
  readonly code: string;
  readonly detail: string;
  /** JSON pointer to what is wrong in the event. */
  readonly pointer: string;
};

/**
 * What became of an event. `stored`: it is on the edge's disk. `unsent`: the client was closed before it was known;
 * a store keeps it for the next client.
 */
export type Outcome = { readonly kind: "stored" } | Refusal | { readonly kind: "unsent" };

export const stored: Outcome = { kind: "stored" };
export const unsent: Outcome = { kind: "unsent" };
