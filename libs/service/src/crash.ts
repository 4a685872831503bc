/** What the log tells of a bug: which and where, never with what, since texts hold what events and URLs hold. */
export type Crash = { readonly error: string; readonly code: string | null; readonly at: string };

const PLACES_MAX = 8;

const placesOf = ({ stack = "", message }: Error): string =>
  // The message stands before the places and may itself have lines that look like one.
  (message === "" ? stack : stack.split(message).slice(1).join(""))
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, PLACES_MAX)
    .map((line) => line.trim())
    .join("; ");

const wordOf = (value: unknown): string | null => (/^[\w.$-]{1,64}$/.test(String(value)) ? String(value) : null);

export const crashOf = (thrown: unknown): Crash => {
  if (!(thrown instanceof Error)) return { error: typeof thrown, code: null, at: "" };
  const code = "code" in thrown ? wordOf(thrown.code) : null;
  return { error: wordOf(thrown.name) ?? "Error", code, at: placesOf(thrown) };
};
