import type { KeptEvent } from "./event-store.ts";

/* The file's format, a line each: `+REF EVENT` for what was put, `-REF` for what was removed. JSON holds no line break. */

export const putLine = ({ ref, text }: KeptEvent): string => `+${ref} ${text}\n`;
export const removeLine = (ref: number): string => `-${ref}\n`;

const line = /^(?:\+(\d+) (\{.*\})|-(\d+))$/;

/**
 * What a file says is kept. Its last line, where a break is missing, was being written when the process ended: nobody was told that it
 * is kept. Throws where any other is not understood, since an event may stand there.
 */
export const readLog = (log: string): { readonly kept: Map<number, string>; readonly lastRef: number } => {
  const kept = new Map<number, string>();
  let lastRef = 0;
  const lines = log.split("\n").slice(0, -1);
  for (const [i, each] of lines.entries()) {
    const [, put, text, removed] = line.exec(each) ?? [];
    if (put === undefined && removed === undefined) throw new Error(`line ${i + 1} of the store is damaged`);
    lastRef = Math.max(lastRef, Number(put ?? removed));
    if (put !== undefined && text !== undefined) kept.set(Number(put), text);
    else kept.delete(Number(removed));
  }
  return { kept, lastRef };
};
