import type { Clock } from "@spillway/event";
import type { Log } from "@spillway/telemetry";

/** One edge of several behind one port, as a process. */
export type Member = {
  readonly pid: number;
  /** Resolves when it has ended. */
  readonly exited: Promise<number>;
  /** Whether it took requests, ever. */
  hasServed(): boolean;
  kill(signal: "SIGTERM" | "SIGINT"): void;
};

export type FleetPorts = {
  readonly spawn: (number: number) => Member;
  readonly clock: Pick<Clock, "sleep">;
  readonly log: Log;
  readonly stopping: AbortSignal;
  readonly hurrying: AbortSignal;
};

/** A member that cannot run ends again and again: so it does not take the others' time. */
const AGAIN_MS = 1_000;

type Mode = "running" | "stopping" | "failed";

/**
 * Keeps so many members alive until `stopping`, and then waits for their ends. One that ends before it has served ends them all: what it
 * lacks, the others lack, too.
 */
export const runFleet = async (count: number, ports: FleetPorts): Promise<"stopped" | "failed"> => {
  const { spawn, clock, log, stopping, hurrying } = ports;
  const members = new Map<number, Member>();
  let mode: Mode = "running";
  const killAll = (signal: "SIGTERM" | "SIGINT"): void => {
    for (const member of members.values()) member.kill(signal);
  };
  const enter = (next: "stopping" | "failed"): void => {
    if (mode !== "running") return;
    mode = next;
    killAll("SIGTERM");
  };
  stopping.addEventListener("abort", () => enter("stopping"));
  hurrying.addEventListener("abort", () => killAll("SIGINT"));

  const live = async (number: number): Promise<void> => {
    const member = spawn(number);
    members.set(number, member);
    log("info", "member.started", { member: number, pid: member.pid });
    const code = await member.exited;
    members.delete(number);
    if (mode !== "running") return;
    log("warn", "member.ended", { member: number, pid: member.pid, code });
    if (!member.hasServed()) enter("failed");
  };

  const keepAlive = async (number: number): Promise<void> => {
    while (mode === "running") {
      await live(number);
      if (mode === "running") await clock.sleep(AGAIN_MS, stopping);
    }
  };

  await Promise.all(Array.from({ length: count }, (_, index) => keepAlive(index + 1)));
  return (mode as Mode) === "failed" ? "failed" : "stopped";
};
