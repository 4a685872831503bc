import { createRequire } from "node:module";

type RequestQueue = { readonly pending: readonly unknown[]; readonly throttledUntil: number };
type Schedule = (this: RequestQueue) => void;

/**
 * Stops the timer that every used connection of kafkajs 2.2.4 renews each millisecond although nothing waits: 5 to 7 %
 * of a core for as long as events are tailed, and a TimeoutNegativeWarning on Bun's terminal.
 */
export const stopIdleTimers = (): void => {
  const queue: { readonly prototype: { scheduleCheckPendingRequests: Schedule } } = createRequire(import.meta.url)(
    "kafkajs/src/network/requestQueue",
  );
  const schedule = queue.prototype.scheduleCheckPendingRequests;
  queue.prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
  };
};
