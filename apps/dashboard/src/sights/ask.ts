/** What a process of ours says of itself; null: it did not say. `at` is its host and port: a URL may hold a password. */
export type Said<T> = { readonly at: string; readonly said: T | null };

const ASK_MS = 1_500;

/**
 * Asks processes for their readiness. One that does not answer in time, or answers something else, is one that did not say: why is for
 * its own log. What has no `for_ms` is an older version, of which no more is known than that it is there.
 */
export const askReadiness = <T extends { readonly checks: object }>(
  urls: readonly string[],
): Promise<readonly Said<T>[]> =>
  Promise.all(
    urls.map(async (url) => {
      const asked = fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ASK_MS) });
      const answer = (await asked.then((response) => response.json()).catch(() => null)) as T | null;
      const isWhole = Object.values(answer?.checks ?? {}).some((check) => typeof check?.for_ms === "number");
      return { at: new URL(url).host, said: isWhole ? answer : null };
    }),
  );
