/** What is asked for, from the first slash behind the host. */
const targetOf = (url: string): string => {
  if (url.startsWith("/")) return url;
  const slash = url.indexOf("/", url.indexOf("://") + 3);
  return slash < 0 ? "/" : url.slice(slash);
};

/**
 * The request with a URL that parses. Bun makes it of the `Host` header, so that a request without one (HTTP/1.0, as
 * HAProxy checks) has a bare path and one whose host is no host has no URL at all; routers and `new Request` fail on both.
 */
export const addressed = (request: Request): Request => {
  const { url } = request;
  if (url.startsWith("http") && URL.canParse(url)) return request;
  return new Request(`http://localhost${targetOf(url)}`, request);
};
