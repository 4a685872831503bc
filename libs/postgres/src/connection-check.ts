import { type ReadUrl, readPostgresUrl } from "./connection-url.ts";
import { unreadableFile } from "./dial.ts";

/** What is asked about a URL at the start: whether it can work, and whether the files that it names are there. */
export const checkPostgresUrl = (url: string): ReadUrl => {
  const read = readPostgresUrl(url);
  const name = read.kind === "usable" && read.target.tls !== null ? unreadableFile(read.target.tls) : null;
  return name === null ? read : { kind: "refused", reason: `${name} must be the path of a readable PEM file` };
};
