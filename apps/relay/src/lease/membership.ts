import type { Clock, Lease, Leases } from "@spillway/event";
import type { Log } from "@spillway/telemetry";
import { attempt } from "../attempt.ts";
import type { Troubles } from "../troubles.ts";
import { shareOf } from "./share.ts";
import { createTerm, type Term } from "./term.ts";

export type MembershipOptions = {
  readonly leases: Leases;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly troubles: Pick<Troubles, "spot">;
  /** Unique among the live relays: a second one of the same name takes the first one's leases away. */
  readonly owner: string;
  readonly shards: number;
  readonly leaseTtlMs: number;
  /** A shard became ours. */
  readonly open: (term: Term) => void;
  /** Finish what is in hand, within a bound; the lease is released after it. */
  readonly finish: (term: Term) => Promise<void>;
  /** Runs a loop in the background; its rejection ends the relay. */
  readonly start: (loop: Promise<void>) => void;
};

/** Which shards are ours: announces this relay, renews its leases, takes its share and gives up the surplus. */
export type Membership = {
  terms(): readonly Term[];
  /** Announces, takes and sheds until the signal aborts; the leases taken stay alive until `leave`. */
  run(signal: AbortSignal): Promise<void>;
  /** Finishes and releases every shard, each as soon as it is done. */
  leave(): Promise<void>;
};

/**
 * Parts of the lease's time. Looking for free shards ten times in it takes a dead relay's shards over within 1.1 of it
 * after its last renewal; two renewals may fail before one is missed.
 */
const LOOK_PART = 10;
const RENEW_PART = 3;
const RETRY_PART = 20;
/** Clocks of two machines may run apart by far less than this, and a send is over the check by microseconds. */
const MARGIN_PART = 10;

export const createMembership = (options: MembershipOptions): Membership => {
  const { leases, clock, random, log, owner, shards, leaseTtlMs, open, finish, start } = options;
  const terms = new Map<number, Term>();
  let shedding = false;
  const spot = options.troubles.spot("relay");
  /** A dead relay's leases run out by themselves, so that much is no trouble. */
  let shortSinceMs: number | null = null;

  const keepAlive = async (term: Term): Promise<void> => {
    const ended = new AbortController();
    term.onEnd(() => ended.abort());
    let waitMs = leaseTtlMs / RENEW_PART;
    while (!term.over) {
      await clock.sleep(waitMs, ended.signal);
      if (!term.holds()) return;
      const sentAtMs = clock.monotonicMs();
      const answer = await attempt(leases.renew(term.lease, leaseTtlMs));
      waitMs = leaseTtlMs / (answer.ok ? RENEW_PART : RETRY_PART);
      if (answer.ok && answer.value) term.renewed(sentAtMs);
      else if (answer.ok) term.end("fenced");
    }
  };

  const accept = (lease: Lease, sentAtMs: number): void => {
    const { shard, token } = lease;
    const trustMs = leaseTtlMs - leaseTtlMs / MARGIN_PART;
    const term = createTerm({ lease, clock, sentAtMs, trustMs });
    terms.set(shard, term);
    log("info", "lease.taken", { shard, token });
    term.onEnd((reason) => {
      terms.delete(shard);
      log(reason === "released" ? "info" : "warn", "lease.ended", { shard, token, reason });
    });
    start(keepAlive(term));
    open(term);
  };

  const takeUpTo = async (count: number, from: number): Promise<void> => {
    for (let step = 0; step < shards && terms.size < count; step++) {
      const shard = (from + step) % shards;
      if (terms.has(shard)) continue;
      const sentAtMs = clock.monotonicMs();
      const answer = await attempt(leases.take(shard, owner, leaseTtlMs));
      if (!answer.ok) return;
      if (answer.value) accept(answer.value, sentAtMs);
    }
  };

  const giveUp = async (term: Term): Promise<void> => {
    await finish(term);
    const held = term.holds();
    term.end("released");
    if (held) await attempt(leases.release(term.lease));
  };

  const shed = async (term: Term): Promise<void> => {
    shedding = true;
    log("info", "lease.shed", { shard: term.lease.shard });
    await giveUp(term);
    shedding = false;
  };

  const look = async (): Promise<void> => {
    for (const term of terms.values()) term.holds();
    const owners = await attempt(leases.announce(owner, leaseTtlMs));
    if (!owners.ok) return;
    const share = shareOf(owner, owners.value, shards);
    const surplus = terms.size > share.count && !shedding ? [...terms.values()].at(-1) : undefined;
    if (surplus) start(shed(surplus));
    await takeUpTo(share.count, share.from);
    judge(share.count - terms.size);
  };

  const judge = (missing: number): void => {
    shortSinceMs = missing <= 0 ? null : (shortSinceMs ?? clock.monotonicMs());
    if (shortSinceMs === null) spot.goes();
    else if (clock.monotonicMs() - shortSinceMs > leaseTtlMs) spot.stands("leases", "held_by_others", { missing });
  };

  return {
    terms: () => [...terms.values()],
    run: async (signal) => {
      while (!signal.aborted) {
        await look();
        await clock.sleep((leaseTtlMs / LOOK_PART) * (0.9 + random() * 0.2), signal);
      }
    },
    leave: async () => {
      await attempt(leases.withdraw(owner));
      await Promise.all([...terms.values()].map(giveUp));
    },
  };
};
