import { type Committer, commitDefaults } from "@spillway/edge/commit/committer.ts";
import type { EventResult } from "@spillway/edge/commit/result.ts";
import type { SealedEvent } from "@spillway/event";
import type { Books } from "./books.ts";
import type { Content, EventSource } from "./events.ts";
import type { History } from "./history.ts";
import type { Host } from "./host.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";
import type { Trace } from "./trace.ts";

/** No answer may take longer than this, whatever is broken: the second that is promised has room for HTTP besides. */
const ANSWER_MS_MAX = commitDefaults.answerWithinMs;

export type PostDeps = {
  readonly timeline: Timeline;
  readonly history: History;
  readonly books: Books;
  readonly trace: Trace;
  readonly violate: (violation: string) => void;
};

/** Sends one request to an edge; null when its connection broke, in which case nobody knows anything. */
export type Post = (host: Host<Committer>, events: readonly SealedEvent[]) => Promise<readonly EventResult[] | null>;

const isPositive = (result: EventResult): boolean => result.kind !== "refused";

export const createPost = ({ timeline, history, books, trace, violate }: PostDeps): Post => {
  const check = (process: Process, request: number, sentAtMs: number): void => {
    const tookMs = timeline.nowMs() - sentAtMs;
    if (tookMs > ANSWER_MS_MAX && !process.frozenSince(sentAtMs))
      violate(`request ${request} to ${process.name} was answered after ${tookMs} ms`);
  };

  const accept = (
    process: Process,
    request: number,
    events: readonly SealedEvent[],
    results: readonly EventResult[],
  ) => {
    for (const [i, event] of events.entries()) {
      const result = results[i];
      if (!result) violate(`request ${request} has no result for event ${event.id}`);
      if (!result || !isPositive(result)) continue;
      if (!history.isDurable(event)) violate(`${event.id} was accepted by ${process.name} before it was durable`);
      if (result.kind !== "refused" && result.tier === "both" && !history.isCopied(event))
        violate(`${event.id} was said to be in both tiers before it was copied`);
      if (result.kind !== "refused" && result.tier !== "both" && event.durability === "required")
        violate(`${event.id} must be in both tiers and was accepted by one`);
      if (result.kind !== "refused") history.held(event, result.tier, result.kind);
      const record = history.accepted(event, process.name, request, i);
      books.accepted(record);
    }
  };

  return (host, events) => {
    const running = host.running();
    if (!running) return Promise.resolve(null);
    const { process, app } = running;
    const request = history.attempted(events, process.name);
    const sentAtMs = timeline.nowMs();
    const ids = events.map((event) => event.id).join(" ");
    trace.note(`${process.name} is posted ${request}: ${ids}`);
    return new Promise((resolve, reject) => {
      const stop = process.onKill(() => resolve(null));
      process.deliver(() => {
        app.commit(events).then((results) => {
          stop();
          trace.note(`${process.name} answers ${request}: ${results.map((result) => result.kind).join(" ")}`);
          check(process, request, sentAtMs);
          accept(process, request, events, results);
          resolve(results);
        }, reject);
      });
    });
  };
};

export type ClientOptions = {
  readonly post: Post;
  readonly edges: readonly Host<Committer>[];
  readonly source: EventSource;
  readonly random: Random;
  readonly timeline: Timeline;
  readonly requests: number;
  readonly keys: readonly (string | null)[];
  /** Mostly healthy; drawn once per event. */
  readonly content: () => Content;
  /** Between two requests, at most. */
  readonly pauseMsMax: number;
};

const ATTEMPTS_MAX = 4;

/**
 * One producer: it waits for each answer before it sends on, stays with one edge most of the time, tries what was not
 * accepted again, here or there, and sometimes sends the same events twice at once.
 */
export const runClient = async (options: ClientOptions): Promise<void> => {
  const { post, edges, source, random, timeline, requests, keys, content, pauseMsMax } = options;
  const pause = (msMax: number) => new Promise<void>((resolve) => timeline.after(random.between(0, msMax), resolve));
  let edge = random.pick(edges);

  const deliver = async (events: readonly SealedEvent[]): Promise<void> => {
    let open = events;
    for (let attempt = 1; open.length > 0 && attempt <= ATTEMPTS_MAX; attempt++) {
      if (random.chance(0.1)) void post(random.pick(edges), open);
      const results = await post(edge, open);
      // The answer itself may be lost on its way.
      const heard = results !== null && !random.chance(0.02);
      if (heard) open = open.filter((_, i) => results[i]?.kind === "refused");
      if (open.length > 0 && random.chance(0.1)) return;
      if (!heard && random.chance(0.5)) edge = random.pick(edges);
      if (open.length > 0) await pause(300);
    }
  };

  for (let request = 0; request < requests; request++) {
    await pause(pauseMsMax);
    if (random.chance(0.1)) edge = random.pick(edges);
    const events = Array.from({ length: random.pick([1, 1, 2, 3]) }, () => source.next(random.pick(keys), content()));
    const repeated = events[0] && random.chance(0.1) ? [...events, events[0]] : events;
    await deliver(repeated);
  }
};
