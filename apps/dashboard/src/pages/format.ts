const numbers = new Intl.NumberFormat("en");

export const countOf = (value: number): string => numbers.format(Math.round(value));

/** "1 event", "12,431 events". */
export const manyOf = (count: number, one: string, many = `${one}s`): string =>
  `${countOf(count)} ${Math.round(count) === 1 ? one : many}`;

export const bytesOf = (value: number): string => {
  if (value < 1024) return `${Math.round(value)} B`;
  if (value < 1024 ** 2) return `${(value / 1024).toFixed(1)} KiB`;
  if (value < 1024 ** 3) return `${(value / 1024 ** 2).toFixed(1)} MiB`;
  return `${(value / 1024 ** 3).toFixed(1)} GiB`;
};

/** 850 ms, 12 s, 3 min, 5 h, 2 d: one unit, since a glance is all that it gets. */
export const durationOf = (ms: number): string => {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${countOf(ms / 86_400_000)} d`;
};

/** 0/s, 0.4/s, 1,240/s. */
export const rateOf = (perSecond: number): string =>
  perSecond > 0 && perSecond < 10 ? `${perSecond.toFixed(1)}/s` : `${countOf(perSecond)}/s`;

const DAY_MS = 86_400_000;

/** Day and clock to the second, in UTC, as a sentence says them: an operator compares it with logs, which say the day. */
export const secondOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 19).replace("T", " ");

/** "01:46:16", with the day before it where that is another one; in UTC. */
export const clockOf = (atMs: number, nowMs: number): string =>
  Math.floor(atMs / DAY_MS) === Math.floor(nowMs / DAY_MS) ? secondOf(atMs).slice(11) : secondOf(atMs);
