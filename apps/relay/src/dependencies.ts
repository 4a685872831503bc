import { Unavailable } from "@spillway/event";
import { behind, eachCall, type RelayPorts } from "./ports.ts";

export type DependencyName = "redis" | "postgres";
export type DependencyState = { readonly status: "unknown" | "up" | "down"; readonly code?: string };

/** What the relay's own calls last said about a backend: no probe of its own, so nothing is asked twice. */
export type Dependencies = {
  up(name: DependencyName): void;
  down(name: DependencyName, code: string): void;
  states(): Readonly<Record<DependencyName, DependencyState>>;
};

export const createDependencies = (onChange: (name: DependencyName, state: DependencyState) => void): Dependencies => {
  const states: Record<DependencyName, DependencyState> = {
    redis: { status: "unknown" },
    postgres: { status: "unknown" },
  };
  const become = (name: DependencyName, next: DependencyState): void => {
    const last = states[name].status;
    states[name] = next;
    // Not for another code: several connections that fail in different ways would fill the log.
    if (last !== next.status) onChange(name, next);
  };
  return {
    up: (name) => become(name, { status: "up" }),
    down: (name, code) => become(name, { status: "down", code }),
    states: () => ({ ...states }),
  };
};

/** It connects by itself and later, so that it was begun says nothing of the backend. */
const UNASKED = "watch";

/** What a port answered; `code` is the one of its `Unavailable`. */
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: string };

/** A port whose refusals are answers, too. */
type Answering<Port> = {
  readonly [Method in keyof Port]: Port[Method] extends (...args: infer Args) => Promise<infer T>
    ? (...args: Args) => Promise<Answer<T>>
    : never;
};

/**
 * The port, whose every call says how its backend is: whoever calls it need not know which one that is. Anything but
 * `Unavailable` is a programmer's error and goes on up to end the process.
 */
export const noted = <Port extends object>(port: Port, name: DependencyName, dependencies: Dependencies) =>
  eachCall(port, async (call, method): Promise<Answer<unknown>> => {
    try {
      const value = await call();
      if (method !== UNASKED) dependencies.up(name);
      return { ok: true, value };
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      dependencies.down(name, error.code);
      return { ok: false, code: error.code };
    }
  }) as Answering<Port>;

/** Kafka is asked for its health when somebody wants to know: its outcomes are a topic's or a record's more often. */
export const notedPorts = (ports: RelayPorts, dependencies: Dependencies) => ({
  shardStream: noted(ports.shardStream, behind.shardStream, dependencies),
  leases: noted(ports.leases, behind.leases, dependencies),
  outboxDrain: noted(ports.outboxDrain, behind.outboxDrain, dependencies),
  copies: noted(ports.copies, behind.copies, dependencies),
  deadLetters: noted(ports.deadLetters, behind.deadLetters, dependencies),
  parking: noted(ports.parking, behind.parking, dependencies),
  ledger: noted(ports.ledger, behind.ledger, dependencies),
  sink: ports.sink,
});
