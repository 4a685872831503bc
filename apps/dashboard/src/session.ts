import type { Clock } from "@spillway/event";

/** A viewer looks; an operator decides, too. */
export type Role = "viewer" | "operator";

export type User = { readonly name: string; readonly role: Role };

export type Session = {
  readonly id: string;
  readonly formToken: string;
  readonly endsAtMs: number;
  readonly user: User;
};

const LIFETIME_MS = 12 * 3_600_000;
const SESSIONS_MAX = 1_000;

/**
 * Sessions live in memory: a restart asks for the password again, and there is nothing to steal from a store.
 * `randomToken` gives at least 128 bits.
 */
export const createSessions = (clock: Pick<Clock, "wallMs">, randomToken: () => string) => {
  const sessions = new Map<string, Session>();
  return {
    open(user: User): Session {
      const oldest = sessions.keys().next();
      if (sessions.size >= SESSIONS_MAX && !oldest.done) sessions.delete(oldest.value);
      const session = { id: randomToken(), formToken: randomToken(), endsAtMs: clock.wallMs() + LIFETIME_MS, user };
      sessions.set(session.id, session);
      return session;
    },
    find(id: string | undefined): Session | null {
      const session = id === undefined ? undefined : sessions.get(id);
      if (session === undefined) return null;
      if (session.endsAtMs > clock.wallMs()) return session;
      sessions.delete(session.id);
      return null;
    },
    close: (id: string): void => void sessions.delete(id),
  };
};

export type Sessions = ReturnType<typeof createSessions>;
