/** Of a shard's own calls to Redis and Postgres. */
export const SHARD_RETRY = { firstMs: 50, mostMs: 1_000 } as const;

export type BackoffLimits = { readonly firstMs: number; readonly mostMs: number };

/** How long to wait before the next attempt: doubles up to `mostMs`, the upper half of it by chance. */
export type Backoff = { nextMs(): number; reset(): void };

export const createBackoff = ({ firstMs, mostMs }: BackoffLimits, random: () => number): Backoff => {
  let ceilingMs = firstMs;
  return {
    nextMs: () => {
      const ms = ceilingMs / 2 + (random() * ceilingMs) / 2;
      ceilingMs = Math.min(ceilingMs * 2, mostMs);
      return ms;
    },
    reset: () => {
      ceilingMs = firstMs;
    },
  };
};
