import type { createDiscard, createReplay } from "@spillway/dead-letters";
import type { createBelonging, LetterRefusal } from "@spillway/event";
import type { ActionResult, LettersPort } from "./ports.ts";

export type LetterActionPorts = ReturnType<typeof createDiscard> & {
  readonly replay: ReturnType<typeof createReplay>;
  readonly belonging: Pick<ReturnType<typeof createBelonging>, "mismatch">;
};

/** `so`: what refuses a letter that is already what it was to become. */
const resultOf = (
  done: readonly string[],
  refused: readonly LetterRefusal[],
  so: LetterRefusal["code"],
): ActionResult => ({
  done: done.length,
  refusals: refused.map(({ detail }) => detail),
  isSo: refused.some(({ code }) => code === so),
});

/** What a button does to one letter. */
export const createLetterActions = ({
  replay,
  discard,
  restore,
  belonging,
}: LetterActionPorts): Pick<LettersPort, "replay" | "discard" | "restore"> => ({
  replay: async (id, by) => {
    const detail = belonging.mismatch();
    if (detail !== null) return { done: 0, refusals: [detail], isSo: false };
    const { replayed, refused } = await replay([id], { by });
    return resultOf(replayed, refused, "replayed");
  },
  discard: async (id, by, reason) => {
    const { discarded, refused } = await discard([id], { by, reason });
    return resultOf(discarded, refused, "discarded");
  },
  restore: async (id, by) => {
    const { restored, refused } = await restore([id], { by });
    return resultOf(restored, refused, "waiting");
  },
});
