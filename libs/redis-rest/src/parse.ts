import type { Command } from "./command.ts";
import { isShallow } from "./json-shape.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** An array of commands, each an array; a level more is let through so that its error can say what is wrong. */
const DEPTH_MAX = 3;

/** Why a request is answered with 400 before Redis sees it. The text never quotes the request. */
const malformed = (reason: string) => new Error(`ERR ${reason}`);

/** A number that a double cannot hold as it was written; the text is then parsed again for its source. */
const INEXACT = malformed("a number cannot be kept exact; send it as a string");

const readArgument = (value: unknown): string | Error => {
  switch (typeof value) {
    case "string":
      return value.isWellFormed() ? value : malformed("an argument contains half a surrogate pair");
    case "number":
      return Number.isSafeInteger(value) ? String(value) : INEXACT;
    case "boolean":
      return String(value);
    default:
      return malformed(`an argument is ${value === null ? "null" : "an array or an object"}; send it as a string`);
  }
};

const readCommand = (value: unknown): Command | Error => {
  if (!Array.isArray(value)) return malformed("a command is a JSON array");
  const [name] = value;
  if (typeof name !== "string" || name === "") return malformed("a command begins with its name, a string");
  const args: string[] = [];
  for (let index = 1; index < value.length; index += 1) {
    const argument = readArgument(value[index]);
    if (typeof argument !== "string") return argument;
    args.push(argument);
  }
  return { name: name.toUpperCase(), args };
};

const readCommands = (value: unknown): Command[] | Error => {
  if (!Array.isArray(value)) return malformed("the body is a JSON array of commands");
  if (value.length === 0) return malformed("the body holds no command");
  const commands: Command[] = [];
  for (const item of value) {
    const command = readCommand(item);
    if (command instanceof Error) return command;
    commands.push(command);
  }
  return commands;
};

const numberAsWritten = (_key: string, value: unknown, context?: { source?: string }) =>
  typeof value === "number" ? (context?.source ?? value) : value;

const readJson = <T>(body: Uint8Array, containersMax: number, read: (value: unknown) => T | Error): T | Error => {
  try {
    const text = utf8.decode(body);
    if (!isShallow(text, DEPTH_MAX, containersMax)) {
      return malformed(`the body nests too deep or holds more than ${containersMax - 1} arrays and objects`);
    }
    const first = read(JSON.parse(text));
    return first === INEXACT ? read(JSON.parse(text, numberAsWritten)) : first;
  } catch (error) {
    // The parser's own text quotes the body.
    return malformed(error instanceof SyntaxError ? "the body is not valid JSON" : "the body is not valid UTF-8");
  }
};

/** `["SET", "key", "value"]`. */
export const parseCommand = (body: Uint8Array) => readJson(body, DEPTH_MAX, readCommand);

/** `[["SET", "key", "value"], ["GET", "key"]]`. */
export const parseCommands = (body: Uint8Array, commandsMax: number) => readJson(body, commandsMax + 1, readCommands);

/** `/SET/key/value?EX=100`; a body, as it is, comes after the path's arguments and before those of the query. */
export const parsePath = (path: string, query: string, body: Uint8Array): Command | Error => {
  const args: (string | Buffer)[] = [];
  try {
    for (const segment of path.slice(1).split("/")) args.push(decodeURIComponent(segment));
  } catch {
    return malformed("the path is not valid percent-encoded UTF-8");
  }
  const name = String(args.shift()).toUpperCase();
  if (name === "") return malformed("a path begins with the name of a command");
  if (body.length > 0) args.push(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  for (const [option, value] of new URLSearchParams(query)) args.push(...(value === "" ? [option] : [option, value]));
  return { name, args };
};
