import type { BreakerRow } from "./ports.ts";

type Answer = {
  readonly checks?: Readonly<Record<string, Partial<BreakerRow>>>;
  readonly events_go_to?: NonNullable<BreakerRow["eventsGoTo"]>;
};

const ASK_MS = 1_500;
const TIERS = ["stream", "outbox"] as const;

/** Asks the edge how it sees its tiers. An edge that does not answer leaves them unknown; why is for its own log. */
export const askBreakers = async (edgeUrl: string): Promise<BreakerRow[]> => {
  const asked = fetch(`${edgeUrl}/readyz`, { signal: AbortSignal.timeout(ASK_MS) });
  const answer: Answer | null = await asked.then((response) => response.json()).catch(() => null);
  return TIERS.map((name) => {
    const { status = "unknown", warnings = [], promise = null } = answer?.checks?.[name] ?? {};
    return { name, status, warnings, promise, eventsGoTo: answer?.events_go_to ?? null };
  });
};
