import type { Sights } from "@spillway/event";
import type { MemoryWorld } from "@spillway/memory";
import type { RelayPorts } from "@spillway/relay/ports.ts";
import type { Settings } from "./apps.ts";
import type { Backends, EdgePorts, Keepers } from "./backends.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";

/**
 * A mistake that somebody could make, as a wrapper of the ports that production code stands on: of a backend, or of
 * what one process of an edge or a relay sees of them.
 */
export type Bug = {
  backends?(memory: MemoryWorld, backends: Backends, random: Random): Partial<Backends>;
  edge?(ports: EdgePorts, process: Process): EdgePorts;
  relay?(ports: RelayPorts & Keepers, process: Process): RelayPorts & Keepers;
  sights?(sights: Sights, shards: number): Sights;
  /** A policy that its own setting switches off. */
  readonly edgeSettings?: Partial<Settings["edge"]>;
};

export const noBug: Bug = {};
