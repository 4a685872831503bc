export type Route = {
  readonly kind: "livez" | "command" | "pipeline" | "transaction" | "path";
  readonly methods: readonly string[];
};

const READ = ["GET", "HEAD"];
const BODY = ["POST", "PUT"];

const ROUTES = new Map<string, Route>([
  ["/", { kind: "command", methods: BODY }],
  ["/pipeline", { kind: "pipeline", methods: BODY }],
  ["/multi-exec", { kind: "transaction", methods: BODY }],
  ["/livez", { kind: "livez", methods: READ }],
]);

const PATH: Route = { kind: "path", methods: [...READ, ...BODY] };
const RESERVED = ["/pipeline/", "/multi-exec/", "/livez/"];

/** The route of a path; undefined for one below an endpoint's, which is no command either. */
export const routeOf = (path: string): Route | undefined =>
  ROUTES.get(path) ?? (RESERVED.some((prefix) => path.startsWith(prefix)) ? undefined : PATH);

/** The path and the query of an absolute URL as they were sent; `URL` would decode and copy both. */
export const splitUrl = (url: string): readonly [path: string, query: string] => {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const question = url.indexOf("?", start);
  return question === -1 ? [url.slice(start), ""] : [url.slice(start, question), url.slice(question + 1)];
};
