import type { Clock } from "@spillway/event";
import type { User, Users } from "@spillway/operators";
import { createLoginLimit } from "./login-limit.ts";

/** Argon2id, which takes 64 MiB and a tenth of a second each time. */
export type Argon = {
  hash(password: string): Promise<string>;
  verify(password: string, hash: string): Promise<boolean>;
};

export type Verdict =
  | { readonly kind: "user"; readonly user: User }
  | { readonly kind: "wrong"; readonly nth: number }
  | { readonly kind: "not_looked_at"; readonly waitSeconds: number };

/** What an address may try in a minute for itself, and all of them together besides, per second: verifying is dear. */
const BY_ADDRESS = { own: 5, sharedPerSecond: 2 };
/** What all addresses may try of one account in a minute. */
const BY_ACCOUNT = { own: 50, sharedPerSecond: 0 };
const AT_ONCE = 2;
const WAITING_MAX = 16;

type Attempt = {
  readonly name: string;
  readonly password: string;
  readonly client: string;
  /** Of a browser that was this user's before: no stranger has it, so no stranger uses up its attempts. */
  readonly browser: string | null;
};

/** Passwords of the users in Postgres. Rejects with `Unavailable`. */
export const createPasswords = (users: Pick<Users, "find">, argon: Argon, clock: Pick<Clock, "monotonicMs">) => {
  const byAddress = createLoginLimit(clock, BY_ADDRESS);
  const byAccount = createLoginLimit(clock, BY_ACCOUNT);
  const nobody = argon.hash(crypto.randomUUID());
  const waiting: (() => void)[] = [];
  let atWork = 0;

  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    if (atWork >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
    else atWork++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) atWork--;
      else next();
    }
  };

  return {
    check: async ({ name, password, client, browser }: Attempt): Promise<Verdict> => {
      const { nth, isChecked } = byAddress.attempt(browser ?? client);
      const isOpen = browser !== null || (waiting.length < WAITING_MAX && byAccount.attempt(name).isChecked);
      if (!isChecked || !isOpen) return { kind: "not_looked_at", waitSeconds: byAddress.waitSeconds() };
      const known = await users.find(name);
      // Of somebody who is not there as long as of somebody who is: names cannot be found out by the time.
      const hash = known?.passwordHash ?? (await nobody);
      const isRight = await inTurn(() => argon.verify(password, hash));
      return known !== null && isRight
        ? { kind: "user", user: { name: known.name, role: known.role } }
        : { kind: "wrong", nth };
    },
  };
};
