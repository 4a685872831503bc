import type { CommitterPorts } from "@spillway/edge/commit/committer.ts";
import type { MemoryWorld } from "@spillway/memory";
import type { RelayPorts as AllRelayPorts } from "@spillway/relay/relay.ts";

/** What an edge stands on, as its production code names it. */
export type EdgePorts = Pick<CommitterPorts, "stream" | "outbox">;

/** What a relay stands on, as its production code names it. */
export type RelayPorts = Pick<AllRelayPorts, "stream" | "leases" | "outbox" | "sink" | "deadLetters" | "ledger">;

/** The ports as the memory adapters give them, without a network before them. */
export type Backends = Pick<
  MemoryWorld,
  "tier" | "outboxTier" | "shardStream" | "leases" | "outboxDrain" | "deadLetters" | "ledger" | "sink"
>;
