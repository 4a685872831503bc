import type {
  Belonging,
  Clock,
  Copies,
  DeadLetters,
  Leases,
  Ledger,
  OutboxDrain,
  Parking,
  Platform,
  ShardStream,
  Sink,
} from "@spillway/event";
import type { Log, Metrics, Traces } from "@spillway/telemetry";

/**
 * The one list of the ports that a relay stands on, under the names that libs/memory has for them, so that whoever gives a relay
 * its ports (tests, the simulation) takes them by this list. Another port is named here, in `notedPorts`, in libs/memory and in `compose.ts`.
 */
export type RelayPorts = {
  readonly shardStream: ShardStream;
  readonly leases: Leases;
  readonly outboxDrain: OutboxDrain;
  readonly copies: Copies;
  readonly deadLetters: DeadLetters;
  readonly parking: Parking;
  readonly ledger: Ledger;
  readonly sink: Sink;
};

/** What a relay has besides, of which none can be away. */
export type RelaySurroundings = {
  readonly platform: Platform;
  /** Whether this relay, its Redis and its Postgres are of one installation. */
  readonly belonging: Pick<Belonging, "mismatch" | "refusal" | "doubt">;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Absent where nothing is traced. */
  readonly traces?: Traces;
};

/** The backend behind each port. */
export const behind = {
  shardStream: "redis",
  leases: "redis",
  outboxDrain: "postgres",
  copies: "postgres",
  deadLetters: "postgres",
  parking: "postgres",
  ledger: "postgres",
  sink: "kafka",
} as const satisfies Record<keyof RelayPorts, "redis" | "postgres" | "kafka">;

type PortName = keyof RelayPorts;

/** The ports, each as `wrap` gives it. */
export const mapPorts = (
  ports: RelayPorts,
  wrap: <Name extends PortName>(port: RelayPorts[Name], name: Name) => RelayPorts[Name],
): RelayPorts => {
  const names = Object.keys(behind) as PortName[];
  return Object.fromEntries(names.map((name) => [name, wrap(ports[name], name)])) as RelayPorts;
};

type Call = () => Promise<unknown>;

/** The port with each of its calls made by `make`. */
export const eachCall = <Port extends object>(
  port: Port,
  make: (call: Call, method: string) => Promise<unknown>,
): Port => {
  const members = Object.entries(port).map(([method, member]) => [
    method,
    typeof member === "function" ? (...args: unknown[]) => make(() => member(...args), method) : member,
  ]);
  return Object.fromEntries(members) as Port;
};
