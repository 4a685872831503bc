/** Tells a person one line about what takes long or went wrong. */
export type Say = (line: string) => void;

export const silent: Say = () => undefined;

const PERIOD_MS = 5_000;

/** Does `work` and says every five seconds that it goes on. */
export const withProgress = async <T>(say: Say, what: string, work: () => Promise<T>): Promise<T> => {
  const startedAt = Date.now();
  say(what);
  const timer = setInterval(() => say(`${what}: ${Math.round((Date.now() - startedAt) / 1_000)} s`), PERIOD_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
};
