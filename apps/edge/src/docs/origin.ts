/** A host name or address, maybe with a port: nothing that a page or a shell would read as anything else. */
const authority = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253})|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

const firstOf = (list: string | null): string | null => list?.split(",")[0]?.trim() ?? null;

/**
 * Where the sender of a request reached us, for what it is shown: as its proxy says, else as its `Host` does. Both are the
 * sender's word, so what has not exactly this form is no origin, and null.
 */
export const originOf = (headers: Headers): string | null => {
  const host = firstOf(headers.get("x-forwarded-host")) ?? headers.get("host");
  if (host === null || !authority.test(host)) return null;
  return `${firstOf(headers.get("x-forwarded-proto")) === "https" ? "https" : "http"}://${host}`;
};
