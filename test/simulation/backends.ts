import type { CommitterPorts } from "@spillway/edge/commit/committer.ts";
import type { InstallationKeeper } from "@spillway/event";
import type { MemoryWorld } from "@spillway/memory";
import type { RelayPorts } from "@spillway/relay/ports.ts";

/** What an edge stands on, as its production code names it. */
export type EdgePorts = Pick<CommitterPorts, "stream" | "outbox" | "accounts"> & Keepers;

/** Where a process reads which installation this is. */
export type Keepers = { readonly redis: InstallationKeeper; readonly postgres: InstallationKeeper };

/** The ports as the memory adapters give them, without a network before them. */
export type Backends = Pick<MemoryWorld, "tier" | "outboxTier" | "redisInstallation" | "postgresInstallation"> &
  RelayPorts;
