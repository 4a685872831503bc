import type { Clock, Platform } from "@spillway/event";
import type { MediaType } from "../media-type.ts";
import { type Problem, respondJson, respondProblem } from "../respond.ts";

/**
 * Of answers that are kept for the keys of one name, with their idempotency keys: some 7,000 of single events. Each name has its own,
 * or a page's key, which everybody may use, would make the edge forget the answers of all others.
 */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;
/** What an entry takes besides its texts, about. */
const ENTRY_BYTES = 400;
/** A whole request takes a second at most. */
const IN_FLIGHT_SECONDS = "1";

/** What of an answer is given again. Its request id is in its body, and stays the first one's. */
type Kept = { readonly status: number; readonly body: string; readonly headers: Readonly<Record<string, string>> };

/** `in_flight`: it has no answer yet. `open`: not all of it is known to be stored, so it may come again. `answered`: for good. */
type State =
  | { readonly mode: "in_flight" }
  | { readonly mode: "open" }
  | { readonly mode: "answered"; readonly answer: Kept };

type Entry = { readonly fingerprint: string; readonly atMs: number; readonly bytes: number; readonly state: State };

const inFlight: Problem = {
  code: "idempotency_key_in_flight",
  detail: "a request with this Idempotency-Key has no answer yet; send this one again to have the same",
  headers: { "retry-after": IN_FLIGHT_SECONDS },
};
const reused: Problem = {
  code: "idempotency_key_reused",
  detail: "this Idempotency-Key came with another body or other headers before; another request needs a key of its own",
};

type Keyed = {
  readonly headers: Headers;
  /** Whose key it came with: keys of different names have idempotency keys of their own. */
  readonly name: string;
  readonly requestId: string;
  readonly idempotencyKey: string | null;
  readonly batchOnly: boolean;
  readonly media: Extract<MediaType, { kind: "ok" }>;
  readonly durability: string | undefined;
};

/** What makes two requests the same one: all that says which events they hold and how they are stored and answered. */
const fingerprintOf = (
  { headers, batchOnly, media, durability }: Keyed,
  body: Uint8Array,
  { sha256 }: Pick<Platform, "sha256">,
): string => {
  const attributes = media.form === "binary" ? [...headers].filter(([name]) => name.startsWith("ce-")) : [];
  const words = [batchOnly, media.form, media.contentType, durability, headers.get("prefer"), attributes];
  const head = new TextEncoder().encode(JSON.stringify(words));
  const whole = new Uint8Array(32 + head.length);
  whole.set(sha256(body));
  whole.set(head, 32);
  return String.fromCharCode(...sha256(whole));
};

/** All that could be stored is: the same request could not be answered any better. */
const isFinal = ({ status, headers }: Response): boolean =>
  status === 202 || (status === 207 && !headers.has("retry-after"));

/** It is known that nothing is stored: the key names nothing yet, and may come with a body that is mended. */
const isNothing = ({ status }: Response): boolean => status >= 400 && status < 500;

const keptHeaders = ["preference-applied"] as const;

const keep = async (response: Response): Promise<Kept> => ({
  status: response.status,
  body: await response.text(),
  headers: Object.fromEntries(
    keptHeaders.flatMap((name) => (response.headers.has(name) ? [[name, response.headers.get(name) ?? ""]] : [])),
  ),
});

/** What is remembered of the requests of one name's keys. */
const createMemory = (clock: Pick<Clock, "monotonicMs">, rememberMs: number) => {
  /** By idempotency key, the oldest first. */
  const entries = new Map<string, Entry>();
  let bytes = 0;

  const forget = (key: string): void => {
    bytes -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  };

  return {
    forget,
    put: (key: string, fingerprint: string, state: State): void => {
      forget(key);
      const size = ENTRY_BYTES + key.length + (state.mode === "answered" ? state.answer.body.length : 0);
      entries.set(key, { fingerprint, state, atMs: clock.monotonicMs(), bytes: size });
      bytes += size;
      for (const [oldest, { state: one }] of entries) {
        if (bytes <= KEPT_BYTES_MAX) break;
        if (one.mode !== "in_flight") forget(oldest);
      }
    },
    knownOf: (key: string): Entry | undefined => {
      const entry = entries.get(key);
      const isOver =
        entry !== undefined && entry.state.mode !== "in_flight" && clock.monotonicMs() - entry.atMs >= rememberMs;
      if (!isOver) return entry;
      forget(key);
      return undefined;
    },
  };
};

/** The answer that is known, or null: nothing is to be done but to ingest. */
const answerOf = (known: Entry, fingerprint: string, requestId: string): Response | null => {
  if (known.fingerprint !== fingerprint) return respondProblem(reused, requestId);
  if (known.state.mode === "in_flight") return respondProblem(inFlight, requestId);
  if (known.state.mode === "open") return null;
  const { status, body, headers } = known.state.answer;
  return respondJson(status, body, requestId, { ...headers, "idempotent-replayed": "true" });
};

/**
 * Requests that came with an `Idempotency-Key`, as this process has seen them: what it forgets, or another edge has answered, is known
 * by the ids alone that are made of the key. The append cannot tell more: it knows an id in the shard of its partition key only,
 * which another body may change, and the outbox knows none.
 */
export const createIdempotency = (
  { clock, platform }: { readonly clock: Pick<Clock, "monotonicMs">; readonly platform: Pick<Platform, "sha256"> },
  rememberMs: number,
) => {
  const memories = new Map<string, ReturnType<typeof createMemory>>();
  /** Names are those of the settings: they have a limit. */
  const memoryOf = (name: string) => {
    const memory = memories.get(name) ?? createMemory(clock, rememberMs);
    memories.set(name, memory);
    return memory;
  };

  return {
    /** Ingests what came without a key, and what came with one only where its answer is not known. */
    once: async (keyed: Keyed, body: Uint8Array, ingest: () => Promise<Response>): Promise<Response> => {
      if (keyed.idempotencyKey === null) return ingest();
      const { forget, put, knownOf } = memoryOf(keyed.name);
      const key = keyed.idempotencyKey;
      const fingerprint = fingerprintOf(keyed, body, platform);
      const known = knownOf(key);
      const replayed = known === undefined ? null : answerOf(known, fingerprint, keyed.requestId);
      if (replayed !== null) return replayed;
      put(key, fingerprint, { mode: "in_flight" });
      let state: State | null = { mode: "open" };
      try {
        const response = await ingest();
        // Of an open one an earlier try may have stored something.
        if (isNothing(response) && known === undefined) state = null;
        if (!isFinal(response)) return response;
        const answer = await keep(response);
        state = { mode: "answered", answer };
        return new Response(answer.body, response);
      } finally {
        if (state === null) forget(key);
        else put(key, fingerprint, state);
      }
    },
  };
};
