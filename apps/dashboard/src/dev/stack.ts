import type { DeadLetterClass } from "@spillway/event";

/* What a developer does to the stack of this machine, which the devstack describes in a file. */
export const PROCESSES = ["redis", "kafka", "postgres", "edge", "relay"] as const;
export type ProcessName = (typeof PROCESSES)[number];
export type ProcessState = "running" | "frozen" | "absent";

export type DevStack = {
  states(): Promise<Readonly<Record<ProcessName, ProcessState>>>;
  /** SIGSTOP or SIGCONT. False: there is no such process. */
  signal(name: ProcessName, signal: "SIGSTOP" | "SIGCONT"): Promise<boolean>;
  /** Posts events to the edge; answers what it said. */
  send(count: number): Promise<string>;
  /** Dead letters of one class, as a relay writes them. Rejects with `Unavailable`. */
  seed(kind: DeadLetterClass, count: number): Promise<void>;
};
