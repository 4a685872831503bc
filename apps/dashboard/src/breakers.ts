import type { BreakerRow } from "./ports.ts";

type Check = { readonly status: "up" | "down"; readonly warnings: readonly string[] };

const ASK_MS = 1_500;
const TIERS = ["stream", "outbox"] as const;

/** Asks the edge how it sees its tiers. An edge that does not answer leaves them unknown. */
export const askBreakers = async (edgeUrl: string): Promise<BreakerRow[]> => {
  try {
    const response = await fetch(`${edgeUrl}/readyz`, { signal: AbortSignal.timeout(ASK_MS) });
    const { checks } = (await response.json()) as { checks: Readonly<Record<string, Check>> };
    return TIERS.map((name) => ({
      name,
      status: checks[name]?.status ?? "unknown",
      warnings: checks[name]?.warnings ?? [],
    }));
  } catch {
    // Why the edge is silent is for its own log; here it is unknown.
    return TIERS.map((name) => ({ name, status: "unknown", warnings: [] }));
  }
};
