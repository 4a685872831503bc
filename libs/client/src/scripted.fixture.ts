import { createManualClock } from "@spillway/memory";
import type { Answer } from "./answer.ts";
import { type Client, createClientOn } from "./client.ts";
import type { EventStore, KeptEvent } from "./event-store.ts";
import type { ClientOptions } from "./options.ts";
import type { Page } from "./page.ts";

type WireEvent = { readonly id: string; readonly type: string; readonly subject?: string };
type Named = { readonly index: number; readonly code: string; readonly retryable: boolean };

/** A request that waits for the test to answer it. */
export type Posted = {
  readonly events: readonly WireEvent[];
  readonly ids: readonly string[];
  readonly keepalive: boolean;
  readonly bytes: number;
  answer(answer: Answer): Promise<void>;
  accept(): Promise<void>;
  /** As the edge does: with the events that were not stored. */
  name(status: number, errors: readonly Named[], retryAfterMs?: number): Promise<void>;
  fail(status: number | null, code: string, retryAfterMs?: number): Promise<void>;
};

const countsOf = (count: number, errors: readonly Named[]) => ({
  accepted: count - errors.length,
  duplicates: 0,
  invalid: errors.filter(({ retryable }) => !retryable).length,
  refused: errors.filter(({ retryable }) => retryable).length,
  errors,
});

/** A client whose clock, chance and edge are the test's. Chance is always its middle. */
export const createScriptedClient = (options: Partial<ClientOptions> = {}, page?: Page) => {
  const clock = createManualClock();
  const posts: Posted[] = [];
  let underWay = 0;
  const seen = { mostAtOnce: 0 };

  const transport = (body: string, keepalive: boolean): Promise<Answer> =>
    new Promise((resolve) => {
      const events = JSON.parse(body) as WireEvent[];
      seen.mostAtOnce = Math.max(seen.mostAtOnce, ++underWay);
      const answer = async (given: Answer) => {
        underWay--;
        resolve(given);
        await clock.advance(0);
      };
      const name: Posted["name"] = (status, errors, retryAfterMs = 1_000) =>
        answer({ status, retryAfterMs, body: countsOf(events.length, errors) });
      const ids = events.map(({ id }) => id);
      posts.push({
        events,
        ids,
        keepalive,
        bytes: Buffer.byteLength(body),
        answer,
        name,
        accept: () => name(202, []),
        fail: (status, code, retryAfterMs) =>
          answer({ status, retryAfterMs: retryAfterMs ?? null, body: status === null ? code : { code } }),
      });
    });

  const all = { url: "http://edge", lingerMs: 100, ...options };
  const client: Client<Record<string, unknown>> = createClientOn(all, { clock, random: () => 0.5, transport, page });
  return {
    client,
    clock,
    posts,
    seen,
    send: (id: string, subject?: string) => client.send({ type: "t", id, subject }),
    /** The latest request. */
    post: (): Posted => {
      const last = posts.at(-1);
      if (last === undefined) throw new Error("nothing was posted");
      return last;
    },
  };
};

/** A store that a test can break, and give to the next client. */
export const createMemoryStore = () => {
  const kept = new Map<number, string>();
  let lastRef = 0;
  const faults = { open: false, put: false };
  const fault = () => Promise.reject(new Error("the disk is gone"));
  const store: EventStore = {
    open: () => (faults.open ? fault() : Promise.resolve([...kept].map(([ref, text]): KeptEvent => ({ ref, text })))),
    put: (text) => {
      if (faults.put) return fault();
      kept.set(++lastRef, text);
      return Promise.resolve(lastRef);
    },
    remove: async (ref) => void kept.delete(ref),
    close: async () => undefined,
  };
  return { store, kept, faults };
};
