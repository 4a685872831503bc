import type { Arrival } from "./tail.ts";

const LINE_CHARS_MAX = 110;
const LINES_PER_SECOND_MAX = 8;

// An event is a stranger's text: an escape sequence in it would be obeyed by the terminal.
const CONTROL = /\p{Cc}+/gu;

type EventSummary = { readonly id: string; readonly type: string };

export const summaryOf = (value: Buffer | null): EventSummary | undefined => {
  try {
    const event = JSON.parse(String(value)) as Partial<EventSummary> | null;
    return { id: String(event?.id ?? ""), type: String(event?.type ?? "") };
  } catch {
    return undefined;
  }
};

/** One record as one short line: "p3@17  customer-7  order.paid  {…". */
export const renderArrival = ({ partition, message: { offset, key, value } }: Arrival): string => {
  const type = summaryOf(value)?.type ?? "(not JSON)";
  const plain = [`p${partition}@${offset}`, key ?? "-", type, value ?? ""].join("  ").replaceAll(CONTROL, "·");
  return plain.length > LINE_CHARS_MAX ? `${plain.slice(0, LINE_CHARS_MAX - 1)}…` : plain;
};

/**
 * Passes on a few lines a second and counts the rest: under load a person reads a number, not a flood. A line is rendered
 * only when it is shown.
 */
export const createThrottledPrinter = (print: (line: string) => void): ((render: () => string) => void) => {
  let shown = 0;
  let held = 0;
  setInterval(() => {
    if (held > 0) print(`… and ${held.toLocaleString("en")} more`);
    shown = 0;
    held = 0;
  }, 1_000);
  return (render) => {
    if (shown++ < LINES_PER_SECOND_MAX) print(render());
    else held++;
  };
};
