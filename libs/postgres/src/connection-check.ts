import { type ReadUrl, readPostgresUrl } from "./connection-url.ts";
import { unusableFile } from "./dial.ts";

/** What is asked about a URL at the start: whether it can work, and whether the files that it names hold what they should. */
export const checkPostgresUrl = (url: string): ReadUrl => {
  const read = readPostgresUrl(url);
  const name = read.kind === "usable" && read.target.tls !== null ? unusableFile(read.target.tls) : null;
  return name === null
    ? read
    : {
        kind: "refused",
        reason: `${name} must be the path of a readable PEM file with a ${name === "sslkey" ? "private key" : "certificate"}`,
      };
};
