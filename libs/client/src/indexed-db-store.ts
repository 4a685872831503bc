import type { EventStore } from "./event-store.ts";

const EVENTS = "events";

const answerOf = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const endOf = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });

const openDatabase = (name: string): Promise<IDBDatabase> => {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(EVENTS, { autoIncrement: true });
  return answerOf(request);
};

/**
 * Keeps events in the browser. Pages of one origin that are open at once may share it: a page that opens it also sends what another one
 * has not got rid of yet, and the edge drops the copies.
 */
export const createIndexedDbStore = (name = "spillway"): EventStore => {
  let database: IDBDatabase | undefined;
  const begin = (mode: IDBTransactionMode): IDBTransaction => {
    if (database === undefined) throw new Error("the store is not open");
    return database.transaction(EVENTS, mode, { durability: "strict" });
  };

  return {
    open: async () => {
      database = await openDatabase(name);
      const events = begin("readonly").objectStore(EVENTS);
      const [refs, texts] = await Promise.all([answerOf(events.getAllKeys()), answerOf(events.getAll())]);
      return refs.map((ref, i) => ({ ref: Number(ref), text: String(texts[i]) }));
    },
    put: async (text) => {
      const transaction = begin("readwrite");
      const request = transaction.objectStore(EVENTS).add(text);
      await endOf(transaction);
      return Number(request.result);
    },
    remove: async (ref) => {
      const transaction = begin("readwrite");
      transaction.objectStore(EVENTS).delete(ref);
      await endOf(transaction);
    },
    close: async () => {
      // Waits for the transactions that were begun.
      database?.close();
      database = undefined;
    },
  };
};
