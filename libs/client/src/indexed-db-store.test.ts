import { IDBFactory } from "fake-indexeddb";
import { eventStoreConformance } from "./event-store.fixture.ts";
import { createIndexedDbStore } from "./indexed-db-store.ts";

let databases = 0;
Object.assign(globalThis, { indexedDB: new IDBFactory() });

eventStoreConformance("IndexedDB", () => `events-${++databases}`, createIndexedDbStore);
