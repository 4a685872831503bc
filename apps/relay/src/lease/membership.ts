import type { Lease } from "@spillway/event";
import type { Mode } from "../mode.ts";
import type { RelayParts } from "../parts.ts";
import { createMembershipMode, type MembershipModeName } from "./membership-mode.ts";
import { keepAlive, renew } from "./renewal.ts";
import { shareOf } from "./share.ts";
import { createTerm, type Term } from "./term.ts";

export type MembershipOptions = Pick<
  RelayParts,
  | "leases"
  | "belonging"
  | "clock"
  | "random"
  | "log"
  | "troubles"
  | "tokens"
  | "owner"
  | "shards"
  | "leaseTtlMs"
  | "activity"
  | "start"
> & {
  /** A shard became ours. */
  readonly open: (term: Term) => void;
  /** Finish what is in hand, within a bound; the lease is released after it. */
  readonly finish: (term: Term) => Promise<void>;
};

/** Which shards are ours: announces this relay, renews its leases, takes its share and gives up the surplus. */
export type Membership = {
  readonly mode: Pick<Mode<MembershipModeName>, "now">;
  /** Announces, takes and sheds until the signal aborts; the leases taken stay alive until `leave`. */
  run(signal: AbortSignal): Promise<void>;
  /** Finishes and releases every shard, each as soon as it is done. */
  leave(): Promise<void>;
};

/**
 * Parts of the lease's time. Looking for free shards ten times in it takes a dead relay's shards over within 1.1 of it
 * after its last renewal.
 */
const LOOK_PART = 10;
/**
 * The same for a relay that has all shards and nothing to do: nobody's lease can become free, and its own are renewed before
 * two failures would cost them. Another relay that comes is seen by that much later.
 */
const LOOK_PART_IDLE = 3;
/** Clocks of two machines may run apart by far less than this, and a send is over the check by microseconds. */
const MARGIN_PART = 10;

/** Whether shards of our share are held elsewhere. A dead relay's leases run out by themselves, so that much is no trouble. */
const createShortfall = ({ clock, leaseTtlMs, troubles }: MembershipOptions) => {
  const spot = troubles.spot("relay");
  let sinceMs: number | null = null;
  return (missing: number): void => {
    sinceMs = missing <= 0 ? null : (sinceMs ?? clock.monotonicMs());
    if (sinceMs === null) spot.goes();
    else if (clock.monotonicMs() - sinceMs > leaseTtlMs) spot.stands("leases", "held_by_others", { missing });
  };
};

/** Whether we may take leases. What contradicts ends those that we have: their shards may be another installation's. */
const belongs = (belonging: MembershipOptions["belonging"], terms: Iterable<Term>): boolean => {
  if (belonging.mismatch() !== null) for (const term of [...terms]) term.end("foreign");
  return belonging.refusal("redis") === null;
};

const beginTerm = (options: MembershipOptions, lease: Lease, sentAtMs: number): Term => {
  const { clock, log, tokens, activity, belonging, leaseTtlMs } = options;
  const { shard, token } = lease;
  const term = createTerm({ lease, clock, sentAtMs, trustMs: leaseTtlMs - leaseTtlMs / MARGIN_PART });
  tokens.saw(shard, token);
  activity.busy();
  log("info", "lease.taken", { shard, token });
  term.onEnd((reason) => {
    activity.busy();
    // An emptied Redis has no leases.
    if (reason === "fenced") belonging.doubt("redis");
    log(reason === "released" ? "info" : "warn", "lease.ended", { shard, token, code: reason });
  });
  return term;
};

export const createMembership = (options: MembershipOptions): Membership => {
  const { leases, belonging, clock, random, log, tokens, owner, shards, leaseTtlMs, activity, open, finish, start } =
    options;
  const mode = createMembershipMode(owner);
  const terms = new Map<number, Term>();
  const judge = createShortfall(options);

  const accept = (lease: Lease, sentAtMs: number): void => {
    const { shard } = lease;
    if (!mode.is("sharing", "shedding")) throw new Error(`relay ${owner} took shard ${shard} while ${mode.now}`);
    const term = beginTerm(options, lease, sentAtMs);
    terms.set(shard, term);
    term.onEnd(() => terms.delete(shard));
    start(keepAlive(term, options));
    open(term);
  };

  const takeUpTo = async (count: number, from: number): Promise<void> => {
    for (let step = 0; step < shards && terms.size < count; step++) {
      const shard = (from + step) % shards;
      if (terms.has(shard)) continue;
      const sentAtMs = clock.monotonicMs();
      const answer = await leases.take(shard, owner, leaseTtlMs, tokens.highest(shard));
      if (!answer.ok) return;
      if (answer.value) accept(answer.value, sentAtMs);
    }
  };

  const giveUp = async (term: Term): Promise<void> => {
    await finish(term);
    const held = term.holds();
    term.end("released");
    if (held) await leases.release(term.lease);
  };

  /** One at a time. */
  const shed = async (term: Term): Promise<void> => {
    mode.enter("shedding");
    log("info", "lease.shed", { shard: term.lease.shard });
    await giveUp(term);
    if (mode.is("shedding")) mode.enter("sharing");
  };

  const look = async (): Promise<void> => {
    for (const term of terms.values()) term.holds();
    if (!belongs(belonging, terms.values())) return;
    // In one turn, so that it is one command.
    for (const term of terms.values()) start(renew(term, options));
    const owners = await leases.announce(owner, leaseTtlMs);
    if (!owners.ok) return;
    const share = shareOf(owner, owners.value, shards);
    const surplus = terms.size > share.count && mode.is("sharing") ? [...terms.values()].at(-1) : undefined;
    if (surplus) start(shed(surplus));
    await takeUpTo(share.count, share.from);
    judge(share.count - terms.size);
  };

  return {
    mode,
    run: async (signal) => {
      while (!signal.aborted) {
        await look();
        const isSettled = terms.size === shards && activity.isIdle();
        const lookMs = leaseTtlMs / (isSettled ? LOOK_PART_IDLE : LOOK_PART);
        await clock.sleep(lookMs * (0.9 + random() * 0.2), signal);
      }
    },
    leave: async () => {
      mode.enter("leaving");
      await leases.withdraw(owner);
      await Promise.all([...terms.values()].map(giveUp));
      mode.enter("left");
    },
  };
};
