import { Unavailable } from "@spillway/event";

/** What the ports stand on: one outage takes several of them down, as a real one does. */
export type Backend = "redis" | "postgres" | "kafka";

/** Which backends are down now, each with the code that its ports then report. */
export type Outages = {
  start(backend: Backend, code?: string): void;
  end(backend: Backend): void;
  code(backend: Backend): string | null;
  /** Throws `Unavailable` while the backend is down. */
  check(backend: Backend): void;
};

export const createOutages = (): Outages => {
  const codes = new Map<Backend, string>();
  return {
    start: (backend, code = "refused") => void codes.set(backend, code),
    end: (backend) => void codes.delete(backend),
    code: (backend) => codes.get(backend) ?? null,
    check: (backend) => {
      const code = codes.get(backend);
      if (code !== undefined) throw new Unavailable(code);
    },
  };
};
