import { checked, listOf, ok, refused, type Setting } from "./setting.ts";

/** The URL with its scheme in lower case, or why not. Clients look for the scheme as it is written here. */
const readUrl = (text: string, form: RegExp) => {
  if (/\s/.test(text) || !form.test(text) || !URL.canParse(text)) return refused();
  const url = new URL(text);
  if (url.port === "0") return refused("whose port is 0, at which nothing listens");
  return url.hostname === "" ? refused("it names no host") : ok(url);
};

const lowerScheme = (text: string): string => text.replace(/^[^:]+/, (scheme) => scheme.toLowerCase());

/** The base URL of a server; the slash at its end goes, since paths are added. */
export const httpUrl = (): Setting<string> => ({
  accepts: "an http or https URL",
  shown: "url",
  read: (text) => {
    const reading = readUrl(text, /^https?:\/\/[^/]/i);
    if (reading.kind === "refused") return reading;
    if (/[?#]/.test(text)) return refused("with a query, behind which no path can follow");
    return ok(lowerScheme(text).replace(/\/+$/, ""));
  },
});

const isDecodable = (text: string): boolean => {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
};

const redisUrl: Setting<string> = {
  accepts: "a redis: or rediss: URL",
  shown: "url",
  read: (text) => {
    const reading = readUrl(text, /^rediss?:\/\/[^/]/i);
    if (reading.kind === "refused") return reading;
    const { username, password, pathname } = reading.value;
    if (!isDecodable(username) || !isDecodable(password))
      return refused("whose user or password has a % that is no code");
    if (/[?#]/.test(text)) return refused("with a query, which nobody reads");
    if (!/^\/?\d{0,5}$/.test(pathname)) return refused("whose path is no number of a database");
    return ok(lowerScheme(text));
  },
};

const isNumbered = (url: string): boolean => Number(new URL(url).pathname.slice(1)) > 0;

const nodes = listOf(redisUrl, "a redis: or rediss: URL; for a Redis Cluster several, separated by commas");

/** One URL is a server, several are nodes of a cluster. */
export const redisUrls = (): Setting<readonly string[]> =>
  checked(nodes, (urls) =>
    urls.length > 1 && urls.some(isNumbered)
      ? refused("where a Redis Cluster has no databases with numbers")
      : ok(urls),
  );
