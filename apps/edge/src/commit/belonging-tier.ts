import type { Appended, Belonging, Keeper, Tier } from "@spillway/event";

/** What a tier keeps its events in. */
const KEEPERS: Readonly<Record<Tier["name"], Keeper>> = { stream: "redis", outbox: "postgres", copies: "postgres" };

/**
 * The tier, which takes events only where our installation stands, since there a relay takes them out again. It asks nobody:
 * what `belonging` knows is at most a second old, and the stream's own append finds another Redis before that.
 */
export const createBelongingTier = <One extends Tier>(tier: One, belonging: Belonging): One => {
  const keeper = KEEPERS[tier.name];
  return {
    ...tier,
    append: async (chunks, deadlineMs) => {
      const code = belonging.refusal(keeper);
      if (code === null) return tier.append(chunks, deadlineMs);
      return chunks.map((): Appended => ({ kind: "retriable", code }));
    },
    health: async (deadlineMs) => {
      const health = await tier.health(deadlineMs);
      if (belonging.refusal(keeper) === null) return health;
      const sentence = belonging.sentence(keeper);
      const warnings = sentence === null || health.warnings.includes(sentence) ? [] : [sentence];
      return { ...health, status: "down", warnings: [...warnings, ...health.warnings] };
    },
  };
};
