type Answer = (request: Request) => Response | Promise<Response>;

/** In what we wrote ourselves: a quote of an event's is escaped, so none of it can be such an attribute. */
const OWN_LINKS = / (href|src|action|formaction|data-stream)="\/(?!\/)/g;

const OWN_CALLS = /(EventSource|fetch|assign)\("\//g;

const isOf = (response: Response, type: string): boolean =>
  response.headers.get("content-type")?.startsWith(type) ?? false;

const inside = (request: Request, base: string): Request => {
  const url = new URL(request.url);
  if (url.pathname !== base && !url.pathname.startsWith(`${base}/`)) return request;
  url.pathname = url.pathname.slice(base.length) || "/";
  return new Request(url, request);
};

const outside = async (response: Response, base: string): Promise<Response> => {
  const location = response.headers.get("location");
  if (location?.startsWith("/")) response.headers.set("location", base + location);
  const refresh = response.headers.get("refresh");
  if (refresh?.includes("url=/")) response.headers.set("refresh", refresh.replace("url=/", `url=${base}/`));
  if (isOf(response, "text/html"))
    return new Response((await response.text()).replace(OWN_LINKS, ` $1="${base}/`), response);
  if (isOf(response, "text/javascript"))
    return new Response((await response.text()).replace(OWN_CALLS, `$1("${base}/`), response);
  return response;
};

/**
 * The whole app below a path, behind a proxy that leaves the path in its requests or takes it away. One place knows of it: pages, redirects and
 * forms are written as if there were none. "" is no path.
 */
export const below =
  (base: string, answer: Answer): Answer =>
  async (request) =>
    base === "" ? answer(request) : outside(await answer(inside(request, base)), base);
