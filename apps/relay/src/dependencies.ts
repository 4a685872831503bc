import type { Answer } from "./attempt.ts";

export type DependencyName = "redis" | "postgres";
export type DependencyState = { readonly status: "unknown" | "up" | "down"; readonly code?: string };

/** What the relay's own calls last said about a backend: no probe of its own, so nothing is asked twice. */
export type Dependencies = {
  note(name: DependencyName, answer: Answer<unknown>): void;
  states(): Readonly<Record<DependencyName, DependencyState>>;
};

export const createDependencies = (onChange: (name: DependencyName, state: DependencyState) => void): Dependencies => {
  const states: Record<DependencyName, DependencyState> = {
    redis: { status: "unknown" },
    postgres: { status: "unknown" },
  };
  return {
    note: (name, answer) => {
      const next: DependencyState = answer.ok ? { status: "up" } : { status: "down", code: answer.code };
      const last = states[name].status;
      states[name] = next;
      // Not for another code: several connections that fail in different ways would fill the log.
      if (last !== next.status) onChange(name, next);
    },
    states: () => ({ ...states }),
  };
};
