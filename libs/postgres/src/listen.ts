import { late, systemClock, within } from "@spillway/event";
import { createClient } from "./client.ts";
import type { Route } from "./route.ts";

export type Listening = { close(): Promise<void> };

const ANSWER_MAX_MS = 5_000;
/** A connection that a router forgot stays silent for ever: asked this often, it is found out, and never idle either. */
const HEARTBEAT_MS = 10_000;
const RECONNECT_MS = 500;

/** What went wrong, or null. */
const failureOf = (query: PromiseLike<unknown>): Promise<unknown> =>
  within(systemClock, ANSWER_MAX_MS, query).then(
    (answer) => (answer === late ? late : null),
    (error: unknown) => error,
  );

/** The life of one connection: resolves when it is lost or silent, or when `closing` aborts. */
const listenOnce = async (route: Route, channel: string, onWake: () => void, closing: AbortSignal): Promise<void> => {
  const lost = new AbortController();
  const over = AbortSignal.any([closing, lost.signal]);
  const way = route.way();
  const sql = createClient({
    way,
    connectionsMax: 1,
    statementTimeoutMs: ANSWER_MAX_MS,
    onNotify: onWake,
    onClose: () => lost.abort(),
  });
  const cut = (): void => void sql.end({ timeout: 0 });
  closing.addEventListener("abort", cut);
  let failure = await failureOf(sql`listen ${sql(channel)}`);
  if (failure === null) onWake();
  while (failure === null && !over.aborted) {
    await systemClock.sleep(HEARTBEAT_MS, over);
    if (!over.aborted) failure = await failureOf(sql`select 1`);
  }
  if (!closing.aborted) route.leave(way, failure ?? late);
  closing.removeEventListener("abort", cut);
  await sql.end({ timeout: 0 });
};

/**
 * Listens until closed, on a connection of its own, and connects again for as long as it takes. Calls `onWake` after
 * every notification and after every connect, since some may have been missed before it.
 */
export const listen = (route: Route, channel: string, onWake: () => void): Listening => {
  const closing = new AbortController();
  const live = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await listenOnce(route, channel, onWake, closing.signal);
      await systemClock.sleep(RECONNECT_MS, closing.signal);
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
