import type { Script } from "./scripts.ts";

/** A text as a server is given it, and the name that EVALSHA calls it by. */
export type ScriptText = { readonly sha: string; readonly source: string };

/**
 * The script as Upstash wants it: there a script has a lock on the whole database, unless it says that its keys are enough, and then
 * shards stand in one queue no more. `allow-oom` is left out, which Upstash's documentation does not know.
 */
export const keyLockingSource = (source: string): string => {
  const [first = "", ...rest] = source.split("\n");
  const isMarked = first.startsWith("#!lua");
  const flags = first.includes("no-writes") ? "no-writes,allow-key-locking" : "allow-key-locking";
  return [`#!lua flags=${flags}`, ...(isMarked ? rest : [first, ...rest])].join("\n");
};

/** What a server answers that does not know a flag of a script (Redis 7: `Unexpected flag in script shebang`); nothing was done. */
export const UNKNOWN_FLAG = "unknown_script_flag";

/** Which text of each script a server is given: with the lock of its keys until it refuses that, which the first answer says. */
export type ScriptTexts = {
  of(script: Script): ScriptText;
  /** The server does not know the flag: from now on it is given the plain texts. */
  refused(): void;
};

/** Its source is made when a server asks for it, and not with each call by its hash. */
const keyLocking = ({ keyLockingSha, source }: Script): ScriptText => ({
  sha: keyLockingSha,
  get source() {
    return keyLockingSource(source);
  },
});

/** `isHosted`: whether it may know the flag at all; a Redis of one's own is not asked. */
export const createScriptTexts = (isHosted: boolean): ScriptTexts => {
  let mode: "key-locking" | "plain" = isHosted ? "key-locking" : "plain";
  return {
    of: (script) => (mode === "plain" ? script : keyLocking(script)),
    refused: () => {
      mode = "plain";
    },
  };
};
