/** What is needed of a browser's `document`, in words that Node's types have, too. */
export type Page = {
  readonly visibilityState: string;
  addEventListener(type: "visibilitychange", listener: () => void): void;
  removeEventListener(type: "visibilitychange", listener: () => void): void;
};

/**
 * Calls `hide` when the page may be gone in a moment: `hidden` is the last that a phone tells it, and one that is left while
 * visible becomes hidden, too. Answers how to stop.
 */
export const onPageHide = (page: Page | undefined, hide: () => void): (() => void) => {
  const look = () => {
    if (page?.visibilityState === "hidden") hide();
  };
  page?.addEventListener("visibilitychange", look);
  return () => page?.removeEventListener("visibilitychange", look);
};
