import {
  type Belonging,
  type Claim,
  type Clock,
  type Installation,
  type InstallationKeeper,
  type InstallationRecord,
  type Keeper,
  Unavailable,
} from "@spillway/event";
import type { Log } from "@spillway/telemetry";

/** How long a keeper may take; both are asked at once. */
const ASK_MS = 1_000;
const EVERY_MS = 1_000;
/**
 * Redis, while all that it said is ours: each append finds another one by itself, and a relay doubts it where leases are lost or another
 * server answers. Where it is hosted each question is paid for.
 */
const REDIS_EVERY_MS = 15_000;
/** While nothing is known, every event is refused: a process that starts beside the first relay shall not wait for it. */
const EVERY_MS_AT_FIRST = 100;

export type InstallationPorts<Record> = {
  readonly belonging: Belonging;
  readonly redis: Record;
  readonly postgres: Record;
  readonly clock: Clock;
  readonly log: Log;
};

/** What a keeper answers, or the code why it does not. */
type Answer<T> = { readonly answer?: T; readonly code: string | null };

const answerOf = async <T>(asked: Promise<T>): Promise<Answer<T>> => {
  try {
    return { answer: await asked, code: null };
  } catch (error) {
    if (error instanceof Unavailable) return { code: error.code };
    throw error;
  }
};

/** Of whom was asked. */
type Look = Readonly<Partial<Record<Keeper, Answer<Installation | null>>>>;

/** Asks the keepers once, and answers what they said. Who does not answer changes nothing. */
export const askKeepers = async (
  { belonging, ...records }: Omit<InstallationPorts<InstallationRecord>, "clock" | "log">,
  isRedisDue = true,
): Promise<Look> => {
  const ask = async (keeper: Keeper) => {
    const said = await answerOf(records[keeper].read(ASK_MS));
    if (said.answer !== undefined) belonging.found(keeper, said.answer);
    return said;
  };
  const [postgres, redis] = await Promise.all([ask("postgres"), isRedisDue ? ask("redis") : undefined]);
  return redis === undefined ? { postgres } : { postgres, redis };
};

/** Says in the log that a keeper does not answer, and why: a wrong password is named before the first event comes. */
const createSilences = (log: Log) => {
  const said: Partial<Record<Keeper, string | null>> = {};
  return (look: Look): void => {
    for (const keeper of ["redis", "postgres"] as const) {
      const [answer, before = null] = [look[keeper], said[keeper]];
      if (answer === undefined) continue;
      const { code } = answer;
      if (code !== null && code !== before) log("warn", "keeper.unavailable", { keeper, code });
      if (code === null && before !== null) log("info", "keeper.available", { keeper });
      said[keeper] = code;
    }
  };
};

/** Whether Redis is to be asked now, by what it answered and when. */
const createRedisDue = (belonging: Belonging, clock: Clock) => {
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let isSilent = false;
  return {
    isDue: (): boolean =>
      isSilent ||
      belonging.refusal("redis") !== null ||
      belonging.isDoubted("redis") ||
      clock.monotonicMs() - askedAtMs >= REDIS_EVERY_MS,
    saw: ({ redis }: Look): void => {
      if (redis === undefined) return;
      askedAtMs = clock.monotonicMs();
      isSilent = redis.code !== null;
    },
  };
};

/** Calls `ask` every second, and says in the log who does not answer, and when what contradicts has changed. */
const again = async (
  { belonging, clock, log }: Pick<InstallationPorts<unknown>, "belonging" | "clock" | "log">,
  signal: AbortSignal,
  ask: (isRedisDue: boolean) => Promise<Look>,
): Promise<void> => {
  let said: string | null = null;
  const tell = createSilences(log);
  const redis = createRedisDue(belonging, clock);
  while (!signal.aborted) {
    const look = await ask(redis.isDue());
    redis.saw(look);
    tell(look);
    const mismatch = belonging.mismatch();
    if (mismatch !== said && mismatch !== null) log("error", "installation.mismatch", { reason: mismatch });
    if (mismatch !== said && mismatch === null) log("info", "installation.agreed");
    said = mismatch;
    const isKnown = belonging.known("redis") !== null || belonging.known("postgres") !== null;
    await clock.sleep(isKnown ? EVERY_MS : EVERY_MS_AT_FIRST, signal);
  }
};

/** Asks for ever whether this process still belongs, for one that only looks or only brings events. */
export const watchInstallation = (ports: InstallationPorts<InstallationRecord>, signal: AbortSignal): Promise<void> =>
  again(ports, signal, (isRedisDue) => askKeepers(ports, isRedisDue));

export type InstallationFounder = InstallationPorts<InstallationKeeper> & {
  readonly ours: Claim;
  readonly newId: () => string;
};

/**
 * One look of a relay. Where neither keeper has an installation it founds one, in Postgres first. A Redis without one is given that
 * of Postgres: it was emptied, or is new. A Postgres without one is given nothing while Redis has one: it is another database, or was lost.
 */
const tend = async (ports: InstallationFounder, isRedisDue: boolean): Promise<Look> => {
  const { belonging, redis, postgres, ours, newId } = ports;
  const record = async (keeper: Keeper, installation: Installation) => {
    const { answer } = await answerOf({ redis, postgres }[keeper].record(installation, ASK_MS));
    if (answer !== undefined) belonging.found(keeper, answer);
  };
  const look = await askKeepers(ports, isRedisDue);
  if (look.redis?.answer !== null) return look;
  if (look.postgres?.answer === null) await record("postgres", { ...ours, id: newId() });
  const known = belonging.known("postgres");
  if (known !== null && belonging.mismatch() === null) await record("redis", known);
  return look;
};

/** For a relay: asks for ever like `watchInstallation`, and writes what is missing. */
export const tendInstallation = (ports: InstallationFounder, signal: AbortSignal): Promise<void> =>
  again(ports, signal, (isRedisDue) => tend(ports, isRedisDue));
