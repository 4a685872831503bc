import { type Clock, late, type Platform, Unavailable, within } from "@spillway/event";
import type { SessionTable, StoredSession, User } from "@spillway/operators";
import type { Log } from "@spillway/telemetry";

export type Session = Omit<StoredSession, "idHash"> & {
  readonly id: string;
  /** What the last action said, for the next page; and what the page that is open says, also when a script asks for it again. */
  notice: string | null;
  shown: string | null;
};

/** Kept in memory besides the table: while Postgres is away, who is in stays in, and who has the password of the setting gets in. */
type Held = { readonly session: Session; readonly isStored: boolean; checkedAtMs: number };

/** Whose word a session rests on: the setting's password, the users in Postgres, or the provider of identities. */
export type Origin = "setting" | "users" | "provider";

/** A user's role in Postgres counts at once; what a provider has taken away since, at the next login, which is one click where it knows the browser. */
const LIFETIMES_MS: Readonly<Record<Origin, number>> = {
  setting: 12 * 3_600_000,
  users: 12 * 3_600_000,
  provider: 3_600_000,
};
const SESSIONS_MAX = 1_000;
/** So long a session is believed without asking: another dashboard's logout, or another role, counts after it. */
const CHECKED_MS = 5_000;
/** So long a page waits for the word on who is in already; without one they stay in, and it is asked for again after a while. */
const WORD_MS = 300;
const AGAIN_MS = 1_000;

export type SessionPorts = {
  readonly clock: Clock;
  /** At least 128 bits. */
  readonly randomToken: () => string;
  readonly platform: Pick<Platform, "sha256">;
  readonly table: SessionTable;
  readonly log: Log;
};

/** What no browser was given is looked for nowhere, so that a stranger hears that it is his fault also while Postgres is away. */
const isToken = (id: string | undefined): id is string => id !== undefined && /^[\w-]{1,64}$/.test(id);

const away = (error: unknown): "away" => {
  if (error instanceof Unavailable) return "away";
  throw error;
};

/** Sessions in Postgres, where a restart finds them again. What only memory has, since Postgres was away, ends with the process. */
export const createSessions = ({ clock, randomToken, platform, table, log }: SessionPorts) => {
  const held = new Map<string, Held>();
  const hashOf = (id: string): string =>
    Buffer.from(platform.sha256(new TextEncoder().encode(id))).toString("base64url");

  const hold = (session: Session, isStored: boolean): Session => {
    const oldest = held.keys().next();
    if (held.size >= SESSIONS_MAX && !oldest.done) held.delete(oldest.value);
    held.set(session.id, { session, isStored, checkedAtMs: clock.wallMs() });
    return session;
  };

  const live = (session: Session): Session | null => (session.endsAtMs > clock.wallMs() ? session : null);

  return {
    async open(user: User, from: Origin): Promise<Session> {
      const endsAtMs = clock.wallMs() + LIFETIMES_MS[from];
      const session = { id: randomToken(), formToken: randomToken(), user, endsAtMs, notice: null, shown: null };
      const stored = await table.put({ ...session, idHash: hashOf(session.id) }, from !== "users").catch(away);
      if (stored === "away") log("warn", "session.unstored");
      return hold(session, stored !== "away");
    },
    /** `away`: Postgres, which alone knows of it, does not answer. */
    async find(id: string | undefined): Promise<Session | null | "away"> {
      if (!isToken(id)) return null;
      const known = held.get(id);
      if (known !== undefined && (!known.isStored || clock.wallMs() - known.checkedAtMs < CHECKED_MS))
        return live(known.session);
      const asked = table.find(hashOf(id)).catch(away);
      const found = known === undefined ? await asked : await within(clock, WORD_MS, asked);
      if (found === "away" || found === late) {
        if (known === undefined) return "away";
        known.checkedAtMs = clock.wallMs() - CHECKED_MS + AGAIN_MS;
        return live(known.session);
      }
      held.delete(id);
      if (found === null) return null;
      const { formToken, user, endsAtMs } = found;
      const { notice = null, shown = null } = known?.session ?? {};
      const session = live({ id, formToken, user, endsAtMs, notice, shown });
      return session === null ? null : hold(session, true);
    },
    /** Whether this browser was somebody's before, also where that session is over. */
    async knows(id: string | undefined, name: string): Promise<boolean> {
      if (!isToken(id)) return false;
      const found = await table.find(hashOf(id)).catch(away);
      return found !== null && found !== "away" && found.user.name === name;
    },
    /** Rejects with `Unavailable` where it may be open still, elsewhere or after a restart. */
    async close(id: string): Promise<void> {
      held.delete(id);
      await table.end(hashOf(id));
    },
  };
};

export type Sessions = ReturnType<typeof createSessions>;
