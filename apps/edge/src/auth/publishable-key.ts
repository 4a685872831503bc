import type { ApiKey } from "./api-key.ts";

/** How a key begins that everybody may read: a page has it. No secret key does. */
export const PUBLISHABLE = "pk_";

export const isPublishable = (key: string): boolean => key.startsWith(PUBLISHABLE);

/** A key of a page. What it may do is bound to `origins` and to one source, and it has a quota. */
export type PublishableKey = ApiKey & { readonly origins: readonly string[] };
