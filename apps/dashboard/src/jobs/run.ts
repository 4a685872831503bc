import type { Job, JobHold, LetterFilter, LetterJobs, Skips } from "@spillway/dead-letters";
import { type Clock, LETTERS_MAX, type LetterRefusal, Unavailable } from "@spillway/event";
import type { Log } from "@spillway/telemetry";

/** What became of letters that a job decided. */
export type Decided = { readonly refused: readonly LetterRefusal[] };

/** What a runner of jobs needs. */
export type RunnerPorts = {
  readonly jobs: Pick<LetterJobs, "take" | "advance" | "move" | "counts" | "discardedBy" | "drained" | "parked">;
  /** Letters after one, in the order in which they died, and how far was looked; null: to the end. */
  following(
    filter: LetterFilter,
    after: string,
    rowsMax: number,
  ): Promise<{ readonly ids: readonly string[]; readonly next: string | null }>;
  decide(job: Job, hold: JobHold, ids: readonly string[]): Promise<Decided>;
  /** When the oldest event of all streams was appended, in ms since 1970; null: they are empty. Rejects with `Unavailable`. */
  oldestInStreams(): Promise<number | null>;
  /** Why nothing may be replayed now, in words; null: it may. */
  obstacle(): string | null;
  readonly clock: Clock;
  readonly log: Log;
};

const IDLE_MS = 1_000;
const UNAVAILABLE_MS = 2_000;
/** How far the clocks of Redis and Postgres may be apart. */
const CLOCKS_MS = 5_000;

const nextOf = async ({ jobs, following }: RunnerPorts, job: Job, rowsMax: number) => {
  if (job.undoes === null) return following(job.filter, job.cursor, rowsMax);
  const ids = await jobs.discardedBy(job.undoes, job.cursor, rowsMax);
  return { ids, next: ids.length < rowsMax ? null : (ids.at(-1) ?? null) };
};

/** Refused so, a letter is as it was, and nothing is said of it: the runner does not hold the job any more. */
const isUntouched = (job: Job, { code }: LetterRefusal): boolean =>
  code === (job.kind === "restore" ? "discarded" : "waiting");

const withSkips = (skipped: Skips, refused: readonly LetterRefusal[]): Skips => {
  const counts: Record<string, number> = { ...skipped };
  for (const { code } of refused) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
};

/** How far a batch got: up to the first letter for which one call had no room, unless that alone is too large for one. */
const reachOf = (ids: readonly string[], refused: readonly LetterRefusal[]) => {
  const large = new Set(refused.flatMap(({ id, code }) => (code === "batch_too_large" ? [id] : [])));
  const at = ids.findIndex((id) => large.has(id));
  const decided = at === -1 ? ids : ids.slice(0, Math.max(1, at));
  const known = new Set(decided);
  return { decided, isCut: decided.length < ids.length, skipped: refused.filter(({ id }) => known.has(id)) };
};

/** One batch. Answers how many letters it looked at; null: it is not ours to run any more. */
const runBatch = async (ports: RunnerPorts, job: Job, hold: JobHold): Promise<number | null> => {
  const { jobs } = ports;
  const { ids, next } = await nextOf(ports, job, Math.min(LETTERS_MAX, job.rate));
  const { refused } = ids.length === 0 ? { refused: [] } : await ports.decide(job, hold, ids);
  if (refused.some((refusal) => isUntouched(job, refusal))) return null;
  const { decided, isCut, skipped } = reachOf(ids, refused);
  const cursor = (isCut ? null : next) ?? decided.at(-1) ?? job.cursor;
  if (!(await jobs.advance(hold, cursor, withSkips(job.skipped, skipped)))) return null;
  const isOver = !isCut && next === null;
  if (job.kind !== "replay") {
    if (isOver) await jobs.move(job.id, "finish");
    return decided.length;
  }
  const { died } = await jobs.counts(job.id);
  if (died > job.deathsMax) await jobs.move(job.id, "stop");
  else if (isOver) await jobs.move(job.id, "decided");
  return decided.length;
};

/**
 * Whether all that a job replayed has arrived, in Kafka or among the dead letters. In this order nothing slips by: what left
 * the outbox is in a stream, what left the streams is there, or parked, or has arrived.
 */
const hasArrived = async ({ jobs, oldestInStreams }: RunnerPorts, job: Job): Promise<boolean> => {
  if (job.drainedAtMs === null) {
    await jobs.drained(job.id);
    return false;
  }
  const oldestMs = await oldestInStreams();
  if (oldestMs !== null && oldestMs <= job.drainedAtMs + CLOCKS_MS) return false;
  return !(await jobs.parked(job.id));
};

/** One step of the oldest job, if it is ours. Answers how long to wait, in ms. */
export const stepJobs = async (ports: RunnerPorts, runner: string): Promise<number> => {
  const { jobs, clock } = ports;
  const job = await jobs.take(runner);
  if (job === null) return IDLE_MS;
  if (job.state === "arriving") {
    if (!(await hasArrived(ports, job))) return IDLE_MS;
    await jobs.move(job.id, "finish");
    return 0;
  }
  if (job.kind === "replay" && ports.obstacle() !== null) return IDLE_MS;
  const startedMs = clock.monotonicMs();
  const looked = await runBatch(ports, job, { id: job.id, runner });
  if (looked === null) return 0;
  return Math.max(0, (looked / job.rate) * 1_000 - (clock.monotonicMs() - startedMs));
};

/** Runs jobs until it shall stop, one at a time: whoever else runs them waits for the lease. Never rejects for a backend that is away. */
export const runJobs = async (ports: RunnerPorts, runner: string, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    const waitMs = await stepJobs(ports, runner).catch((error: unknown) => {
      if (!(error instanceof Unavailable)) throw error;
      ports.log("warn", "jobs.unavailable", { code: error.code });
      return UNAVAILABLE_MS;
    });
    await ports.clock.sleep(waitMs, signal);
  }
};
