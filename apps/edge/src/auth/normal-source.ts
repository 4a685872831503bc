/*
 * The normal form of a URI reference, in which sources are compared (RFC 3986 §6.2.2 and §6.2.3; RFC 8141 §3.1):
 * `/x/../%73hop`, `HTTPS://SHOP.example:443/a` and `urn:SHOP:1` name what `/shop`, `https://shop.example/a` and
 * `urn:shop:1` name. Each step is one pass over the text.
 */
const defaultPorts: Readonly<Record<string, string>> = {
  "http:": "80",
  "https:": "443",
  "ws:": "80",
  "wss:": "443",
  "ftp:": "21",
};

/** Decodes what needs no code, and writes the other codes in upper case. Nothing that it decodes delimits a part. */
const withNeededCodes = (text: string): string =>
  text.replace(/%[0-9a-f]{2}/gi, (code) => {
    const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : code.toUpperCase();
  });

/** Where there is no root, `..` at the beginning stays: who knows the base knows where it leads. */
const withoutDots = (segments: readonly string[], isRooted: boolean): string => {
  const kept: string[] = [];
  for (const segment of segments) {
    if (segment === ".") continue;
    if (segment !== "..") kept.push(segment);
    else if (kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (!isRooted) kept.push("..");
  }
  if (/^\.\.?$/.test(segments.at(-1) ?? "")) kept.push("");
  return kept.join("/");
};

/** `//` would begin an authority. */
const rootedPath = (path: string, hasAuthority: boolean): string => {
  const rest = withoutDots(path.slice(1).split("/"), true);
  return rest.startsWith("/") && !hasAuthority ? `/./${rest}` : `/${rest}`;
};

/** A colon in the first segment would end a scheme, and a slash would begin at the root. */
const relativePath = (path: string): string => {
  const rest = withoutDots(path.split("/"), false);
  return rest === "" || /^(?:\/|[^/]*:)/.test(rest) ? `./${rest}` : rest;
};

const pathOf = (scheme: string, authority: string | undefined, path: string): string => {
  if (path.startsWith("/")) return rootedPath(path, authority !== undefined);
  if (path === "") return (authority ?? "") === "" ? "" : "/";
  if (scheme === "") return relativePath(path);
  // Without a root a slash is a letter like others, and of a urn only the namespace has no case.
  return scheme === "urn:" ? path.replace(/^[^:]*/, (namespace) => namespace.toLowerCase()) : path;
};

const authorityOf = (scheme: string, authority: string): string => {
  const [whole, user = "", host = "", digits = ""] = /^([^@]*@)?(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(authority) ?? [];
  if (whole === undefined) return authority;
  const port = digits.replace(/^0+/, "");
  const lower = host.toLowerCase().replace(/%../g, (code) => code.toUpperCase());
  return `${user}${lower}${port === "" || port === defaultPorts[scheme] ? "" : `:${port}`}`;
};

export const normalSource = (source: string): string => {
  const parts = /^([^:/?#]+:)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/s.exec(withNeededCodes(source)) ?? [];
  const [, written = "", authority, path = "", rest = ""] = parts;
  const scheme = written.toLowerCase();
  const server = authority === undefined ? "" : `//${authorityOf(scheme, authority)}`;
  return `${scheme}${server}${pathOf(scheme, authority, path)}${rest}`;
};
