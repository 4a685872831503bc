import type { Metrics } from "@spillway/telemetry";
import type { CommitterOptions } from "./committer.ts";

type Limits = Pick<CommitterOptions, "queueEventsMax" | "queueBytesMax">;

/** What may wait in memory at once. Beyond it the edge says no at once, instead of later or of growing. */
export const createAdmission = ({ queueEventsMax, queueBytesMax }: Limits, metrics: Metrics) => {
  const events = metrics.gauge("spillway_queue_events", "Events that wait in memory for their answer.");
  const bytes = metrics.gauge("spillway_queue_bytes", "Bytes of these events.");
  let waitingEvents = 0;
  let waitingBytes = 0;
  metrics.beforeExpose(() => {
    events.set(waitingEvents);
    bytes.set(waitingBytes);
  });
  return {
    /** False when there is no room; then nothing has entered. */
    enter: (events: number, bytes: number): boolean => {
      if (waitingEvents + events > queueEventsMax || waitingBytes + bytes > queueBytesMax) return false;
      waitingEvents += events;
      waitingBytes += bytes;
      return true;
    },
    /** Whether nobody waits. */
    isEmpty: (): boolean => waitingEvents === 0,
    leave: (events: number, bytes: number): void => {
      waitingEvents -= events;
      waitingBytes -= bytes;
    },
  };
};
