import { fileURLToPath } from "node:url";

/** The Bun that runs this process, else the one that the repository installs. */
export const bunBinary = (): string => {
  if (process.versions.bun) return process.execPath;
  return fileURLToPath(new URL("../../../../node_modules/.bin/bun", import.meta.url));
};
