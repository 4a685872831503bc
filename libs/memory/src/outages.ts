import { Unavailable } from "@spillway/event";

/** What the ports stand on: one outage takes several of them down, as a real one does. */
export type Backend = "redis" | "postgres" | "kafka";

export type Outages = ReturnType<typeof createOutages>;

/** Which backends are down now, each with the code that its ports then report. */
export const createOutages = () => {
  const codes = new Map<Backend, string>();
  /** Throws `Unavailable` while the backend is down. */
  const check = (backend: Backend): void => {
    const code = codes.get(backend);
    if (code !== undefined) throw new Unavailable(code);
  };
  return {
    start: (backend: Backend, code = "refused") => void codes.set(backend, code),
    end: (backend: Backend) => void codes.delete(backend),
    code: (backend: Backend) => codes.get(backend) ?? null,
    check,
    /** A port's method of a step that stands on the backend. */
    behind:
      <A extends readonly unknown[], R>(backend: Backend, step: (...args: A) => R) =>
      async (...args: A) => {
        check(backend);
        return step(...args);
      },
  };
};
