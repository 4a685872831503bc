type Dependency = { readonly status: "unknown" | "up" | "down"; readonly code?: string; readonly for_ms: number };

/** What stands still; `state` is one of the relay's table (apps/relay/README.md, What stands still). */
export type RelayTrouble = {
  readonly state: string;
  readonly code: string;
  readonly forMs: number;
  readonly topic?: string;
  readonly partition?: number;
  readonly shard?: number;
  readonly missing?: number;
  readonly outboxEvents?: number;
};

/** What a relay says of itself in `/readyz`. */
export type RelayReadiness = {
  readonly status: "up" | "degraded" | "down" | "stopping";
  readonly relay: string;
  readonly checks: Readonly<Record<"redis" | "postgres", Dependency>> & {
    readonly kafka: Dependency & { readonly unanswered_ms?: number };
  };
  readonly kafka: { readonly brokers: readonly string[]; readonly topics: readonly string[] };
  readonly shards: readonly { readonly shard: number; readonly pump: string; readonly stillMs: number }[];
  readonly troubles: readonly RelayTrouble[];
  readonly warnings: readonly string[];
};
