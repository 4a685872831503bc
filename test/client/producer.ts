import { createHash } from "node:crypto";
import { type Client, createClient, type EventStore } from "@spillway/client";
import { systemClock } from "@spillway/event";
import type { Attempt, Producer, ProducerOptions } from "../support/producer.ts";

const LINGER_MS = 20;
const PATIENCE_MS = 5_000;
const CLOSE_MS = 120_000;

type Data = { readonly seq: number; readonly big: string; readonly pad: string };
type Events = Readonly<Record<string, Data>>;

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Looks at what the client puts on the wire, and keeps nothing. */
const createWitness = (saw: (id: string, text: string) => void): EventStore => {
  let refs = 0;
  return {
    open: async () => [],
    put: async (text) => {
      saw((JSON.parse(text) as { id: string }).id, text);
      return ++refs;
    },
    remove: async () => undefined,
    close: async () => undefined,
  };
};

type Stored = { readonly id: string | null; readonly tier?: NonNullable<Attempt["tier"]> };
/** Of one event, and of a batch whose answer represents it. */
type Answer = { readonly code?: string; readonly events?: readonly Stored[] } & Partial<Stored>;

const count = <Kind>(counts: Map<Kind, number>, kind: Kind): void => void counts.set(kind, (counts.get(kind) ?? 0) + 1);

/**
 * A producer as the faults know it, by the client: an event is one attempt from the moment that `send` has taken it, and each must be stored
 * when it stops. A client for each edge, which a key stays with; what a request's headers say is said of the client's first key.
 */
export const startClientProducer = (options: ProducerOptions): Producer => {
  const { urls, apiKey, keys, dataBytes = 100, type = "order.created", headersOf, eventsPerSecond = 400 } = options;
  const run = options.run ?? crypto.randomUUID().slice(0, 8);
  const attempts = new Map<string, Attempt>();
  const statuses = new Map<number, number>();
  const codes = new Map<string, number>();
  const numbers = { accepted: 0, slowestMs: 0, isComplete: true, isStopped: false };
  const pauseMs = (1_000 * keys) / eventsPerSecond;

  const ask = async (url: string, init: RequestInit): Promise<Response> => {
    const startedMs = performance.now();
    try {
      const response = await fetch(url, init);
      count(statuses, response.status);
      if (response.status === 503 || response.status === 429)
        numbers.isComplete &&= response.headers.has("retry-after");
      const { code, events, id, tier } = (await response.clone().json()) as Answer;
      if (code !== undefined) count(codes, code);
      for (const each of events ?? [{ id: id ?? null, tier }]) {
        const attempt = attempts.get(each.id ?? "");
        if (attempt !== undefined && each.tier !== undefined) attempt.tier = each.tier;
      }
      return response;
    } catch (error) {
      count(statuses, 0);
      throw error;
    } finally {
      numbers.slowestMs = Math.max(numbers.slowestMs, performance.now() - startedMs);
    }
  };

  const hashes = new Map<string, string>();
  const clients = urls.map((url, i): Client<Events> => {
    // The client needs to know no tier; the scenarios do.
    const headers = { prefer: "return=representation", ...headersOf?.(`key-${i}`) };
    return createClient<Events>({
      url,
      key: apiKey,
      source: "/producer",
      lingerMs: LINGER_MS,
      timeoutMs: PATIENCE_MS,
      store: createWitness((id, text) => void hashes.set(id, hashOf(text))),
      fetch: (target, init) =>
        ask(target, { ...init, headers: { ...Object.fromEntries(new Headers(init.headers)), ...headers } }),
    });
  });

  const worker = async (client: Client<Events>, key: string): Promise<void> => {
    for (let seq = 0; !numbers.isStopped; seq++) {
      const id = `${run}-${key}-${seq}`;
      const sentAtMs = performance.now();
      const data = { seq, big: "9007199254740993", pad: "x".repeat(dataBytes) };
      const { outcome } = await client.send({ type, id, subject: key, data });
      const sha256 = hashes.get(id) ?? "";
      hashes.delete(id);
      const attempt: Attempt = { id, key, seq, sha256, sentAtMs, acceptedAt: 0, acceptedAtMs: 0, tier: null, tries: 1 };
      attempts.set(id, attempt);
      void outcome.then(({ kind }) => {
        if (kind !== "stored") return;
        attempt.acceptedAt = ++numbers.accepted;
        attempt.acceptedAtMs = performance.now();
      });
      await systemClock.sleep(pauseMs);
    }
  };

  const workers = Array.from({ length: keys }, (_, i) =>
    worker(clients[i % clients.length] as Client<Events>, `key-${i}`),
  );
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    numbers.isStopped = true;
    await Promise.all(workers);
    const left = await Promise.all(clients.map((client) => client.close({ timeoutMs: CLOSE_MS })));
    const unsent = left.reduce((sum, each) => sum + each.unsent, 0);
    const refused = attempts.size - numbers.accepted - unsent;
    if (unsent + refused > 0) throw new Error(`of what send took ${unsent} are unsent and ${refused} refused`);
  };
  return {
    attempts,
    accepted: () => numbers.accepted,
    statuses,
    codes,
    slowestMs: () => numbers.slowestMs,
    refusalsAreComplete: () => numbers.isComplete,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
};
