import { ok, refused, type Setting } from "./setting.ts";

const scheme = /^postgres(ql)?:\/\//i;

/** The URL with the first of its hosts alone, as postgres.js reads it: `URL` knows nothing of several. */
const withFirstHost = (text: string): string => {
  const start = text.indexOf("://") + 3;
  const authority = text.slice(start).split(/[?/]/)[0] ?? "";
  const hosts = authority.slice(authority.indexOf("@") + 1);
  return (
    text.slice(0, start) + authority.replace(hosts, hosts.split(",")[0] ?? "") + text.slice(start + authority.length)
  );
};

/** A Postgres URL that the client can use; several hosts, `a:5432,b:5432`, are tried in turn. */
export const postgresUrl = (): Setting<string> => ({
  accepts: "a URL as postgres://user:password@host:port/database",
  shown: "url",
  read: (text) => {
    if (/\s/.test(text) || !scheme.test(text)) return refused();
    return URL.canParse(withFirstHost(text)) ? ok(text) : refused();
  },
});
