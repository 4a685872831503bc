import { createMode, type Mode } from "../mode.ts";

const atDoor = ["room", "topic", "dead-letters"] as const;
const going = ["starting", "reading", "backing-off", "admitting", ...atDoor, "resting"] as const;

/**
 * What a pump does, or waits for.
 *
 *   starting ──what is parked is known──▶ reading
 *
 *   backing-off ◀─refused─ reading ──entries──▶ admitting ◀──────▶ room, topic, dead-letters
 *        └──────────────────▶ ▲ ◀──────────────────┤               (an entry waits at the door)
 *                             └───── resting ◀─────┘
 *
 *   any of these ──told to──▶ finishing ──nothing in hand──▶ finished
 *   any but ended ──the term is over──▶ ended
 */
const enteredFrom = {
  starting: [],
  reading: ["starting", "backing-off", "admitting", "resting"],
  "backing-off": ["reading"],
  admitting: ["reading", ...atDoor],
  room: ["admitting"],
  topic: ["admitting"],
  "dead-letters": ["admitting"],
  resting: ["admitting"],
  finishing: going,
  finished: ["finishing"],
  ended: [...going, "finishing", "finished"],
} as const;

export type PumpModeName = keyof typeof enteredFrom;

export type PumpMode = Mode<PumpModeName> & {
  /** Neither told to finish nor over. */
  isGoing(): boolean;
  /** After a wait: enters `next`, unless the pump was stopped meanwhile. Answers whether it goes on. */
  resume(next: PumpModeName): boolean;
};

export const createPumpMode = (shard: number): PumpMode => {
  const mode = createMode<PumpModeName>(`the pump of shard ${shard}`, enteredFrom, "starting");
  const isGoing = (): boolean => mode.is(...going);
  return Object.assign(mode, {
    isGoing,
    resume: (next: PumpModeName): boolean => {
      if (!isGoing()) return false;
      mode.enter(next);
      return true;
    },
  });
};
