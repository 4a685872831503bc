import type { Measures } from "./measures.ts";

type Lasting = { readonly state: string; readonly topic: string; readonly forMs: number };
type Group = { readonly labels: Pick<Lasting, "state" | "topic">; count: number; forMs: number };

/** Shows what stands still by state and topic, and no more what does so no longer. */
export const createTroubleMeasures = ({ troubles, troubleSeconds }: Pick<Measures, "troubles" | "troubleSeconds">) => {
  let shown = new Map<string, Group>();
  return (lasting: readonly Lasting[]): void => {
    const groups = new Map<string, Group>();
    for (const { state, topic, forMs } of lasting) {
      const key = `${state} ${topic}`;
      const group = groups.get(key) ?? { labels: { state, topic }, count: 0, forMs: 0 };
      group.count++;
      group.forMs = Math.max(group.forMs, forMs);
      groups.set(key, group);
    }
    for (const [key, { labels }] of shown) {
      if (groups.has(key)) continue;
      troubles.remove(labels);
      troubleSeconds.remove(labels);
    }
    for (const { labels, count, forMs } of groups.values()) {
      troubles.set(count, labels);
      troubleSeconds.set(forMs / 1000, labels);
    }
    shown = groups;
  };
};
