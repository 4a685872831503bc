import type { TierPromise } from "@spillway/event";

export type ServerPromise = ReturnType<typeof createServerPromise>;

/** What the server behind the streams says of its settings; kept until somebody changes them. */
export const createServerPromise = () => {
  let promise: TierPromise = { state: "kept" };
  return {
    now: (): TierPromise => promise,
    become: (next: TierPromise): void => {
      promise = next;
    },
  };
};
