import type { Level, LogFields } from "./log.ts";

type Line = { readonly level: Level; readonly event: string; readonly fields: LogFields };

/** What says where a change is. Lines of one event and one place repeat each other, whatever else is in them. */
const placeNames = [
  "shard",
  "topic",
  "partition",
  "tier",
  "dependency",
  "keeper",
  "broker",
  "key_name",
  "route",
  "request_id",
] as const;

const LINES_MAX = 10;
const WINDOW_MS = 10_000;
/** Places with a window that are kept before those whose window is over are looked for. */
const PLACES_MAX = 1_000;

type Window = { readonly endsAtMs: number; lines: number; last: Line | null };

export type LimitOptions = {
  readonly write: (line: Line) => void;
  readonly nowMs: () => number;
  readonly after: (ms: number, call: () => void) => void;
};

const placeOf = ({ event, fields }: Line): string =>
  placeNames.reduce((place, name) => (name in fields ? `${place} ${name}=${fields[name]}` : place), event);

/**
 * Writes at most ten lines of one event and place in ten seconds. What changes to and fro (a mark that was set 166 times a minute) says
 * no more in more; but how it stands at last does, so of those left out the last is written when the ten seconds are over, with the count of the others.
 */
export const createLogLimit = ({ write, nowMs, after }: LimitOptions) => {
  const windows = new Map<string, Window>();

  const prune = (): void => {
    for (const [place, { endsAtMs, last }] of windows) if (last === null && nowMs() >= endsAtMs) windows.delete(place);
  };

  const open = (place: string): Window => {
    if (windows.size >= PLACES_MAX) prune();
    const window = { endsAtMs: nowMs() + WINDOW_MS, lines: 0, last: null };
    windows.set(place, window);
    return window;
  };

  const close = (place: string, { lines, last }: Window): void => {
    windows.delete(place);
    const suppressed = lines - LINES_MAX - 1;
    if (last !== null) write(suppressed > 0 ? { ...last, fields: { ...last.fields, suppressed } } : last);
  };

  return (line: Line): void => {
    const place = placeOf(line);
    const known = windows.get(place);
    if (known && known.last === null && nowMs() >= known.endsAtMs) windows.delete(place);
    const window = windows.get(place) ?? open(place);
    window.lines++;
    if (window.lines <= LINES_MAX) write(line);
    else {
      if (window.last === null) after(Math.max(0, window.endsAtMs - nowMs()), () => close(place, window));
      window.last = line;
    }
  };
};
