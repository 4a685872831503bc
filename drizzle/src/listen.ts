import { createClient } from "./client.ts";
import { pause, within } from "./deadline.ts";

export type Listening = { close(): Promise<void> };

const ANSWER_MAX_MS = 5_000;
/** A connection that a router forgot stays silent for ever: asked this often, it is found out. */
const HEARTBEAT_MS = 10_000;
const RECONNECT_MS = 500;

const answers = (query: PromiseLike<unknown>): Promise<boolean> =>
  within(ANSWER_MAX_MS, query).then(
    () => true,
    () => false,
  );

/** The life of one connection: resolves when it is lost or silent, or when `closing` aborts. */
const listenOnce = async (url: string, channel: string, onWake: () => void, closing: AbortSignal): Promise<void> => {
  const lost = new AbortController();
  const over = AbortSignal.any([closing, lost.signal]);
  const sql = createClient({
    url,
    connectionsMax: 1,
    statementTimeoutMs: ANSWER_MAX_MS,
    onNotify: onWake,
    onClose: () => lost.abort(),
  });
  const cut = (): void => void sql.end({ timeout: 0 });
  closing.addEventListener("abort", cut);
  if (await answers(sql`listen ${sql(channel)}`)) {
    onWake();
    do await pause(HEARTBEAT_MS, over);
    while (!over.aborted && (await answers(sql`select 1`)));
  }
  closing.removeEventListener("abort", cut);
  await sql.end({ timeout: 0 });
};

/**
 * Listens until closed, on a connection of its own, and connects again for as long as it takes. Calls `onWake` after
 * every notification and after every connect, since some may have been missed before it.
 */
export const listen = (url: string, channel: string, onWake: () => void): Listening => {
  const closing = new AbortController();
  const live = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await listenOnce(url, channel, onWake, closing.signal);
      await pause(RECONNECT_MS, closing.signal);
    }
  };
  const living = live();
  return {
    close: () => {
      closing.abort();
      return living;
    },
  };
};
