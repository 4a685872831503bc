import { ok, refused, type Setting } from "./setting.ts";

/** What the Postgres client makes of a URL. `reason` is a sentence that shows no value. */
type ReadUrl = (url: string) => { readonly kind: "usable" } | { readonly kind: "refused"; readonly reason: string };

/** A URL that the Postgres client can use, as it says itself: one that can never work stops the start. */
export const postgresUrl = (readUrl: ReadUrl): Setting<string> => ({
  accepts: "a URL as postgres://user:password@host:port/database",
  shown: "url",
  read: (text) => {
    if (!/^postgres(ql)?:\/\//.test(text)) return refused();
    const read = readUrl(text);
    return read.kind === "usable" ? ok(text) : refused(read.reason);
  },
});
