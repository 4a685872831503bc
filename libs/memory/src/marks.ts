import type { ParkedMarks } from "@spillway/event";

export type Marks = {
  park(topics: readonly string[], as: "begin" | "all" | "end", server: number): void;
  parked(server: number): ParkedMarks;
  copy(): Marks;
};

/** Which topics of a shard are parked, and which server was told all of them. */
export const createMarks = (from: readonly string[] = [], told: number | null = null): Marks => {
  const topics = new Set(from);
  let toldTo = told;
  return {
    copy: () => createMarks([...topics], toldTo),
    park: (named, as, server) => {
      for (const topic of named) {
        if (as === "end") topics.delete(topic);
        else topics.add(topic);
      }
      if (as === "all") toldTo = server;
    },
    parked: (server) => {
      const told = toldTo === null ? "nobody" : toldTo === server ? "this-server" : "another";
      return { topics: [...topics], told };
    },
  };
};
