import { createHash } from "node:crypto";
import { systemClock } from "@spillway/event";

/** One event that the producer tried to post, logged before it was sent. */
export type Attempt = {
  readonly id: string;
  readonly key: string;
  /** Place among the events of its key. */
  readonly seq: number;
  readonly sha256: string;
  /** When it was first sent, and when it was known to be accepted; of the producer's monotonic clock. */
  sentAtMs: number;
  acceptedAtMs: number;
  /** Order in which the answers "accepted" came, from 1; 0 while there was none. */
  acceptedAt: number;
  tier: "stream" | "outbox" | "both" | null;
  tries: number;
};

export type ProducerOptions = {
  /** Full URLs of the edges; a key stays with one edge, since order is promised for events that go through one. */
  readonly urls: readonly string[];
  /** A key goes from edge to edge instead, request by request, as behind a balancer that takes them in turn. */
  readonly roams?: boolean;
  readonly apiKey: string;
  readonly keys: number;
  /** Events in a request. */
  readonly batch?: number;
  /** For all keys together; as fast as the answers come when not told. */
  readonly eventsPerSecond?: number;
  readonly dataBytes?: number;
  /** Of its events. */
  readonly type?: string;
  /** More headers of a key's requests. */
  readonly headersOf?: (key: string) => Readonly<Record<string, string>>;
  readonly run?: string;
};

export type Producer = {
  readonly attempts: ReadonlyMap<string, Attempt>;
  accepted(): number;
  /** Count of answers by status; 0 stands for no answer. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Count of answers by the code of their problem. */
  readonly codes: ReadonlyMap<string, number>;
  /** Slowest answer so far, ms. */
  slowestMs(): number;
  /** True when every 503 and 429 so far had a Retry-After. */
  refusalsAreComplete(): boolean;
  /** Stops after what is under way; resolves when every worker has ended. */
  stop(): Promise<void>;
};

const CLIENT_PATIENCE_MS = 5_000;

type Numbers = { accepted: number; slowestMs: number; complete: boolean; stopped: boolean };

const makeEvent = (run: string, type: string, key: string, seq: number, dataBytes: number) => {
  const id = `${run}-${key}-${seq}`;
  const head = `{"specversion":"1.0","id":"${id}","source":"/producer","type":"${type}","subject":"${key}"`;
  const text = `${head},"time":"2026-11-21T08:00:00Z","data":{"seq":${seq},"big":9007199254740993,"pad":"${"x".repeat(dataBytes)}"}}`;
  return { id, text, sha256: createHash("sha256").update(text).digest("hex") };
};

type Refusal = { readonly index: number };
type Answer = {
  readonly tier?: "stream" | "outbox" | "both";
  readonly errors?: readonly Refusal[];
  readonly code?: string;
};

/** How many answers there were of each kind. */
const createCounts = <Kind>() => {
  const counts = new Map<Kind, number>();
  return { counts, add: (kind: Kind): void => void counts.set(kind, (counts.get(kind) ?? 0) + 1) };
};

const createAnswers = () => ({ statuses: createCounts<number>(), codes: createCounts<string>() });

const post = async (
  url: string,
  apiKey: string,
  headers: Readonly<Record<string, string>>,
  texts: readonly string[],
  { statuses, codes }: ReturnType<typeof createAnswers>,
  numbers: Numbers,
) => {
  const started = performance.now();
  const single = texts.length === 1;
  try {
    const response = await fetch(`${url}/v1/events`, {
      method: "POST",
      body: single ? texts[0] : `[${texts.join(",")}]`,
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json", ...headers },
      signal: AbortSignal.timeout(CLIENT_PATIENCE_MS),
    });
    const answer = (await response.json()) as Answer;
    statuses.add(response.status);
    if (answer.code !== undefined) codes.add(answer.code);
    if (response.status === 503 || response.status === 429) numbers.complete &&= response.headers.has("retry-after");
    return { status: response.status, answer };
  } catch {
    // No answer is an outcome too: the event may or may not be stored, and is posted again.
    statuses.add(0);
    return { status: 0, answer: {} as Answer };
  } finally {
    numbers.slowestMs = Math.max(numbers.slowestMs, performance.now() - started);
  }
};

/** Indexes of the events that were stored. */
const storedOf = (status: number, answer: Answer, count: number): number[] => {
  if (status !== 202 && status !== 207) return [];
  const refused = new Set((answer.errors ?? []).map((error) => error.index));
  return Array.from({ length: count }, (_, i) => i).filter((i) => !refused.has(i));
};

/**
 * Posts events of several keys, one key after its own last answer, and posts again what was not accepted: the client
 * that our promises are made to.
 */
export const startProducer = (options: ProducerOptions): Producer => {
  const { urls, apiKey, keys, batch = 1, dataBytes = 100, type = "order.created", headersOf } = options;
  const run = options.run ?? crypto.randomUUID().slice(0, 8);
  const attempts = new Map<string, Attempt>();
  const answers = createAnswers();
  const numbers: Numbers = { accepted: 0, slowestMs: 0, complete: true, stopped: false };
  const pauseMs = options.eventsPerSecond === undefined ? 0 : (1000 * batch * keys) / options.eventsPerSecond;

  const postUntilAccepted = async (
    url: string,
    key: string,
    entries: readonly { attempt: Attempt; text: string }[],
  ) => {
    let open = entries;
    while (open.length > 0 && !numbers.stopped) {
      for (const { attempt } of open) attempt.tries++;
      const { status, answer } = await post(
        url,
        apiKey,
        headersOf?.(key) ?? {},
        open.map((entry) => entry.text),
        answers,
        numbers,
      );
      const stored = new Set(storedOf(status, answer, open.length));
      open.forEach(({ attempt }, i) => {
        if (!stored.has(i)) return;
        attempt.acceptedAt = ++numbers.accepted;
        attempt.acceptedAtMs = performance.now();
        attempt.tier = answer.tier ?? null;
      });
      open = open.filter((_, i) => !stored.has(i));
      if (open.length > 0) await systemClock.sleep(50);
    }
  };

  const worker = async (key: string, first: number) => {
    let seq = 0;
    let requests = 0;
    let next = performance.now() + Math.random() * pauseMs;
    while (!numbers.stopped) {
      if (pauseMs > 0) await systemClock.sleep(Math.max(0, next - performance.now()));
      next += pauseMs;
      const entries = Array.from({ length: batch }, () => {
        const { id, text, sha256 } = makeEvent(run, type, key, seq, dataBytes);
        const sentAtMs = performance.now();
        const answered = { acceptedAt: 0, acceptedAtMs: 0, tier: null, tries: 0 };
        const attempt: Attempt = { id, key, seq: seq++, sha256, sentAtMs, ...answered };
        attempts.set(id, attempt);
        return { attempt, text };
      });
      const at = first + (options.roams ? requests++ : 0);
      await postUntilAccepted(urls[at % urls.length] ?? "", key, entries);
    }
  };

  const workers = Array.from({ length: keys }, (_, i) => worker(`key-${i}`, i));
  return {
    attempts,
    accepted: () => numbers.accepted,
    statuses: answers.statuses.counts,
    codes: answers.codes.counts,
    slowestMs: () => numbers.slowestMs,
    refusalsAreComplete: () => numbers.complete,
    stop: async () => {
      numbers.stopped = true;
      await Promise.all(workers);
    },
  };
};
