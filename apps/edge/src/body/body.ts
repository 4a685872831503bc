export type BodyRefusal =
  | "body_too_large"
  | "body_too_slow"
  | "damaged_body"
  | "overloaded"
  | "unsupported_content_encoding";

/**
 * A request's body as it was before compression, or why it is not read. `unfoldMs`: from its end on, where it was compressed; its
 * answer waits for that, too.
 */
export type Body =
  | { readonly kind: "ok"; readonly bytes: Uint8Array<ArrayBuffer>; readonly unfoldMs?: number }
  | { readonly kind: "refused"; readonly code: BodyRefusal };

export const refused = (code: BodyRefusal): Body => ({ kind: "refused", code });
