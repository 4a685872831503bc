/** What happened, as a hash that tells whether two runs were the same, and as lines when somebody wants to read them. */
export type Trace = {
  note(line: string): void;
  hash(): string;
  lines(): readonly string[];
};

export const createTrace = (nowMs: () => number, keep: boolean): Trace => {
  const lines: string[] = [];
  let a = 0x811c9dc5;
  let b = 0xc9dc5118;
  return {
    note: (text) => {
      const line = `${nowMs()} ${text}`;
      for (let i = 0; i < line.length; i++) {
        a = Math.imul(a ^ line.charCodeAt(i), 0x01000193);
        b = Math.imul(b ^ line.charCodeAt(i), 0x85ebca6b) ^ (b >>> 15);
      }
      if (keep) lines.push(line);
    },
    hash: () => (a >>> 0).toString(16).padStart(8, "0") + (b >>> 0).toString(16).padStart(8, "0"),
    lines: () => lines,
  };
};
