import type { SealedEvent } from "@spillway/event";
import { type EventResult, type RefusalCode, refused } from "../commit/result.ts";
import { refusalDetails } from "../problem.ts";
import type { KeyQuota } from "../quota/key-quota.ts";
import type { Problem } from "../respond.ts";
import type { IngestPorts } from "./ports.ts";

/** Makes the events of one request durable, as far as their key may send so many, in the time that its body's end has begun. */
export type Store = {
  /** One result per event, in order. Of what is beyond the quota the first events are stored: the others go on behind them. */
  commit(events: readonly SealedEvent[]): Promise<readonly EventResult[]>;
  /** Integer seconds after which what was refused with these codes may be sent again. */
  retryAfterSeconds(codes: Iterable<RefusalCode>): number;
};

export const createStore = (
  committer: IngestPorts["committer"],
  quota: KeyQuota | undefined,
  bodyEndedAtMs: number,
  within: string | undefined,
): Store => ({
  commit: (events) => {
    const taken = quota === undefined ? events.length : quota.take(events.length);
    const committed = committer.commit(events.slice(0, taken), bodyEndedAtMs, within);
    const beyond = events.slice(taken).map(() => refused.quota_exceeded);
    return beyond.length === 0 ? committed : committed.then((results) => [...results, ...beyond]);
  },
  retryAfterSeconds: (codes) => {
    const each = [...codes].map((code) =>
      code === "quota_exceeded" && quota !== undefined ? quota.retryAfterSeconds() : committer.retryAfterSeconds(code),
    );
    return Math.max(1, ...each);
  },
});

/** To who is refused before anything of the body was looked at. */
export const quotaProblem = (quota: KeyQuota): Problem => ({
  code: "quota_exceeded",
  detail: refusalDetails.quota_exceeded,
  headers: { "retry-after": String(quota.retryAfterSeconds()) },
});
