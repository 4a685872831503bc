import type { Clock } from "@spillway/event";

type LingerPorts = {
  readonly clock: Clock;
  /** Calls back when the event loop has been round once and what arrived meanwhile was handled. */
  readonly nextTurn: (then: () => void) => void;
  /** How many events wait and are in no append. */
  readonly waiting: () => number;
  /** Starts what can start. */
  readonly start: () => void;
};

/** An append of so many events gains nothing by more: per event 1.4 µs of Redis in hundreds, 1.3 in four hundreds. */
const ENOUGH_EVENTS = 400;
/** So many turns of the event loop that brought nobody, some 50 µs, and nobody is expected any more. */
const EMPTY_TURNS = 5;
/** Nobody waits longer for company. */
const LINGER_MS = 1;

/**
 * Says when the next append starts, so that those who arrive together are in one.
 *
 * Clients that were answered together come back together, some after a third of a millisecond. An append that starts
 * before they are back takes half of them, and two half groups take turns for ever. So after an append, the next one
 * waits until as many events have come as were answered, or nobody comes any more. (Postgres does it with
 * `commit_delay` and `commit_siblings`.) 64 connections, single events: appends of 64 instead of 32, 33,000 instead of 26,000 events/s, 28
 * instead of 39 µs of CPU an event (edge, REST server, Redis): E2.
 */
export const createLinger = ({ clock, nextTurn, waiting, start }: LingerPorts) => {
  let expected = 0;
  let came = 0;
  let cameBefore = 0;
  let emptyTurns = 0;
  let sinceMs = 0;
  let isLingering = false;

  const isComplete = (): boolean => {
    emptyTurns = came === cameBefore ? emptyTurns + 1 : 0;
    cameBefore = came;
    if (came >= expected || emptyTurns >= EMPTY_TURNS || waiting() >= ENOUGH_EVENTS) return true;
    return clock.monotonicMs() - sinceMs >= LINGER_MS;
  };
  const check = (): void => {
    if (isComplete()) {
      isLingering = false;
      start();
    } else nextTurn(check);
  };
  const linger = (): void => {
    if (isLingering) return;
    isLingering = true;
    emptyTurns = 0;
    sinceMs = clock.monotonicMs();
    nextTurn(check);
  };

  return {
    /** To be called for events that were added. */
    arrived: (events: number): void => {
      came += events;
      linger();
    },
    /** To be called when an append has ended and its events were answered. */
    answered: (events: number): void => {
      expected = events;
      came = 0;
      cameBefore = 0;
      const left = waiting();
      if (left >= ENOUGH_EVENTS) start();
      else if (left > 0) linger();
    },
  };
};
