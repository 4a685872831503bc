import type { ChunkEvent, DeadLetter } from "@spillway/event";
import { createBackoff, SHARD_RETRY } from "../backoff.ts";
import { createNotifier } from "../notifier.ts";
import type { TroubleState } from "../troubles.ts";
import type { PumpParts } from "./pump.ts";

type Obstacle = { readonly state: TroubleState; readonly code: string; readonly topic?: string };

/**
 * What an entry may have to wait for before it is in hand. Nothing may follow it meanwhile, so the shard waits, and is seen to.
 * To be called when there is something to wait for; each ends as well when the pump is stopped.
 */
export const createWaits = (parts: PumpParts) => {
  const { shard, mode, spot, window, router, topics, lots, deadLetters, clock, random } = parts;
  const changed = createNotifier(clock);
  const backoff = createBackoff(SHARD_RETRY, random);

  /** Asks until nothing is in the way; answers whether it came to that. */
  const insist = async (wait: "topic" | "dead-letters", ask: () => Promise<Obstacle | null>): Promise<boolean> => {
    mode.enter(wait);
    while (mode.isGoing()) {
      const obstacle = await ask();
      if (obstacle === null) {
        backoff.reset();
        spot.goes();
        mode.resume("admitting");
        return true;
      }
      const { state, code, ...place } = obstacle;
      spot.stands(state, code, { shard, ...place });
      // Starts what is in hand, since nothing comes behind it for now.
      topics.kick();
      await clock.sleep(backoff.nextMs());
    }
    return false;
  };

  /** Since when each of these was asked for. */
  const asked = new Map<string, number>();

  /** What is missing is looked up each time anew: another shard may have loaded it meanwhile, or it is parked now. */
  const load = async (events: readonly ChunkEvent[]): Promise<Obstacle | null> => {
    for (let topic = router.missing(events); topic !== null && mode.isGoing(); topic = router.missing(events)) {
      const outcome = await topics.load(topic);
      if (outcome.kind === "ok") continue;
      const sinceMs = asked.get(topic) ?? clock.monotonicMs();
      asked.set(topic, sinceMs);
      if (await lots.considerMissing(topic, { sinceMs, code: outcome.code })) continue;
      const state = outcome.kind === "retriable" && outcome.pause ? "paused" : "topic";
      return { state, code: outcome.code, topic };
    }
    return null;
  };

  const put = async (letter: DeadLetter): Promise<Obstacle | null> => {
    const answer = await deadLetters.put([letter]);
    return answer.ok ? null : { state: "dead-letters", code: answer.code };
  };

  return {
    /** Until the memory has room for it. */
    room: async (): Promise<void> => {
      mode.enter("room");
      spot.stands("room", "in_flight_full", { shard });
      while (mode.isGoing() && window.isFull()) {
        topics.kick();
        await changed.wait();
      }
      if (mode.resume("admitting")) spot.goes();
    },
    /** Until the partition counts of all topics that it needs are known, or they are parked: without its own no record can be placed. */
    topics: async (events: readonly ChunkEvent[]): Promise<void> => {
      await insist("topic", () => load(events));
      asked.clear();
    },
    /** Until the dead letters hold this one; answers whether they do. */
    burial: (letter: DeadLetter): Promise<boolean> => insist("dead-letters", () => put(letter)),
    /** There may be room now, or no more need of it. */
    wake: changed.notify,
  };
};

export type Waits = ReturnType<typeof createWaits>;
