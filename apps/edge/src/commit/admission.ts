/** What may wait in memory at once. Beyond it the edge says no at once, instead of later or of growing. */
export type Admission = {
  /** False when there is no room; then nothing has entered. */
  enter(events: number, bytes: number): boolean;
  leave(events: number, bytes: number): void;
};

export type AdmissionLimits = { readonly queueEventsMax: number; readonly queueBytesMax: number };

export const createAdmission = ({ queueEventsMax, queueBytesMax }: AdmissionLimits): Admission => {
  let waitingEvents = 0;
  let waitingBytes = 0;
  return {
    enter: (events, bytes) => {
      if (waitingEvents + events > queueEventsMax || waitingBytes + bytes > queueBytesMax) return false;
      waitingEvents += events;
      waitingBytes += bytes;
      return true;
    },
    leave: (events, bytes) => {
      waitingEvents -= events;
      waitingBytes -= bytes;
    },
  };
};
