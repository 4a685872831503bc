import { ClientError } from "./client-error.ts";
import type { EventStore, KeptEvent } from "./event-store.ts";

const storeFailed = (cause: unknown) => new ClientError("store_failed", "the store did not do its work", cause);

/** The store as the client uses it, or nothing where there is none: its errors are `store_failed`. */
export const createKeeper = (
  store: EventStore | undefined,
  restore: (kept: readonly KeptEvent[]) => void,
  onError: (error: ClientError) => void,
) => {
  /** Null: it was open from the beginning. */
  const opened = store === undefined ? null : store.open().then(restore);
  if (opened === null) restore([]);
  const isOpen: Promise<boolean> =
    opened?.then(
      () => true,
      // Each `put` says so.
      () => false,
    ) ?? Promise.resolve(true);

  return {
    isOpen,
    keep: async (text: string): Promise<number | null> => {
      if (store === undefined) return null;
      try {
        await opened;
        return await store.put(text);
      } catch (cause) {
        throw storeFailed(cause);
      }
    },
    /** What could not be forgotten is sent once more by the next client, and is a duplicate. */
    forget: (ref: number): void => void store?.remove(ref).catch((cause: unknown) => onError(storeFailed(cause))),
    close: async (): Promise<void> => {
      if (await isOpen) await store?.close();
    },
  };
};
