import type { Command } from "./command.ts";

const STATE = "it would change the state of a connection that other requests share";
const BLOCKING = "it would block a connection that other requests share";
const SERVER = "it administers the server; use a Redis client";

const names = (reason: string, list: string) => list.split(" ").map((name) => [name, reason] as const);

// This keeps the shared connections and the server usable. It is no security boundary: a script can do what its
// Redis user may do. The boundary is the ACL of the user in REDIS_URL.
const REFUSED = new Map([
  ...names(STATE, "AUTH HELLO SELECT QUIT RESET READONLY READWRITE ASKING"),
  ...names(STATE, "MULTI EXEC DISCARD WATCH UNWATCH MONITOR SYNC PSYNC REPLCONF"),
  ...names(STATE, "SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE"),
  ...names(BLOCKING, "BLPOP BRPOP BRPOPLPUSH BLMOVE BLMOVEM BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF SAVE"),
  ...names(SERVER, "ACL CLUSTER DEBUG FAILOVER MIGRATE MODULE REPLICAOF SHUTDOWN SLAVEOF"),
]);

/** What an edge asks before it trusts a Redis with events; any other setting may be a secret (requirepass). */
const READABLE_SETTINGS = new Set([
  "appendonly",
  "appendfsync",
  "maxmemory",
  "maxmemory-policy",
  "no-appendfsync-on-rewrite",
]);

const word = (argument: string | Buffer | undefined) => String(argument ?? "").toUpperCase();

const readsHarmlessSettings = ([subcommand, ...settings]: Command["args"]) =>
  word(subcommand) === "GET" &&
  settings.length > 0 &&
  settings.every((setting) => READABLE_SETTINGS.has(String(setting).toLowerCase()));

/** How many words an option of XREAD and XREADGROUP takes, itself included. */
const OPTION_WORDS = new Map([
  ["GROUP", 3],
  ["COUNT", 2],
  ["CLAIM", 2],
  ["NOACK", 1],
]);

/** A group, a consumer or a key may itself be called BLOCK, so the options are walked as Redis walks them. */
const blocksOnStream = ({ args }: Command): boolean => {
  let index = 0;
  while (OPTION_WORDS.has(word(args[index]))) index += OPTION_WORDS.get(word(args[index])) ?? 1;
  return word(args[index]) === "BLOCK";
};

const reasonFor = (command: Command): string | undefined => {
  switch (command.name) {
    case "XREAD":
    case "XREADGROUP":
      return blocksOnStream(command) ? BLOCKING : undefined;
    case "CLIENT":
      return word(command.args[0]) === "SETINFO" ? undefined : STATE;
    case "SCRIPT":
      return word(command.args[0]) === "DEBUG" ? STATE : undefined;
    case "CONFIG":
      return readsHarmlessSettings(command.args) ? undefined : SERVER;
    default:
      return REFUSED.get(command.name);
  }
};

/** The error for a command that must not run on a shared connection, or undefined when it may. */
export const refusalOf = (command: Command): Error | undefined => {
  const reason = reasonFor(command);
  return reason === undefined ? undefined : new Error(`ERR Command is not available: '${command.name}': ${reason}`);
};
