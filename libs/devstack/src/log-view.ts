import { closeSync, openSync, readSync, statSync } from "node:fs";
import { readable } from "./readable-log.ts";

const POLL_MS = 100;

/** Shows what is appended to a log file. */
export const createLogView = (file: string, print: (line: string) => void) => {
  let at = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  /** The whole lines behind `at`: a line that is half written is taken with its other half. */
  const take = (): string => {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size <= at) return "";
    const descriptor = openSync(file, "r");
    const bytes = Buffer.alloc(size - at);
    readSync(descriptor, bytes, 0, bytes.length, at);
    closeSync(descriptor);
    const whole = bytes.subarray(0, bytes.lastIndexOf(10) + 1);
    at += whole.length;
    return whole.toString();
  };
  const show = () => {
    for (const line of take().split("\n")) if (line !== "") print(readable(line));
  };
  return {
    /** Shows what was appended since, and goes on with it. */
    open: (): void => {
      show();
      timer ??= setInterval(show, POLL_MS);
    },
    /** Shows the rest and stops. */
    close: (): void => {
      clearInterval(timer);
      timer = undefined;
      show();
    },
    /** What comes next begins behind what is there now. */
    skip: (): void => void take(),
  };
};

export type LogView = ReturnType<typeof createLogView>;
