import type { Scenario } from "../scenario.ts";

/** Redis dies, freezes, refuses; a link breaks before, in and behind a request, or says nothing. */
const ids = ["F01", "F04b", "F12a", "F12b", "F12c", "F12d", "F14", "F15a", "F15b", "F15c", "F18"];
const quick: ReadonlySet<string> = new Set(["F15a"]);

/** The same faults, met by an edge with `REDIS_URL`: its own connections break, and no REST server stands in between. */
export const overTcp = (scenarios: readonly Scenario[]): readonly Scenario[] =>
  ids.map((id) => {
    const scenario = scenarios.find((one) => one.id === id);
    if (scenario === undefined) throw new Error(`no scenario ${id}`);
    const fault = `${scenario.fault}; the edge over TCP`;
    return { ...scenario, id: `${id}-tcp`, fault, edgeOver: "tcp", quick: quick.has(id) };
  });
