import type { Clock } from "@spillway/event";
import type { ShardRow, SightPorts, Sights } from "../ports.ts";
import type { Look } from "../verdict/look.ts";
import { type Level, worstOf } from "../verdict/trouble.ts";
import { judge } from "../verdict/verdict.ts";
import { accountOfAll, type ShardAges, shardAgesOf } from "./account.ts";
import { capacityOf } from "./capacity.ts";
import { createFlow } from "./flow.ts";
import { createShardWatch, type ShardNews } from "./shard-watch.ts";
import { createTroubleBook, type Over, type Standing } from "./trouble-book.ts";

/** What is known now: one look, and what is remembered of those before. */
export type Overview = Look & {
  readonly level: Level;
  /** The worst first. */
  readonly troubles: readonly Standing[];
  readonly over: readonly Over[];
  /** Shard by shard. */
  readonly lines: readonly (ShardRow & ShardAges & ShardNews)[];
};

export type Watch = {
  /** Of the last look, or of a new one where that is too old. */
  latest(): Promise<Overview>;
  /** A new look: what an action changed is in it. */
  fresh(): Promise<Overview>;
  /**
   * Called after every look, and with null at the end of all looking, until the answer is called. `as`: somebody watches, so that it looks
   * every second; or it is kept.
   */
  onLook(listener: (overview: Overview | null) => void, as?: "eyes" | "record"): () => void;
  /** Since when troubles stood that were seen before this process was. */
  recall(since: ReadonlyMap<string, number>): void;
  /** Looks until the signal aborts, so that it is known since when a trouble stands without anybody who watches. */
  run(signal: AbortSignal): Promise<void>;
};

export type WatchPorts = SightPorts & { readonly clock: Clock };

const APART_MS = 1_000;
/** The same while nobody watches, nothing is wrong and no event came since the look before: a hosted Redis has each look paid for. */
const APART_QUIET_MS = 5_000;
/** A look takes as long as the slowest of whom it asks. */
const OLD_MS = 2_500;

const sightsOf = async (ports: SightPorts): Promise<Sights> => {
  const [shards, outbox, edges, relays, parked, accounts, totals, openJobs, groups] = await Promise.all([
    ports.shards(),
    ports.outbox(),
    ports.edges(),
    ports.relays(),
    ports.parked(),
    ports.accounts(),
    ports.totals(),
    ports.openJobs(),
    ports.groups(),
  ]);
  return { shards, outbox, edges, relays, parked, accounts, totals, openJobs, groups };
};

export const createWatch = (ports: WatchPorts): Watch => {
  const { clock } = ports;
  const book = createTroubleBook();
  const flow = createFlow();
  const followShards = createShardWatch();
  const listeners = new Set<(overview: Overview | null) => void>();
  const eyes = new Set<(overview: Overview | null) => void>();
  let nap = new AbortController();
  let isQuiet = false;
  let last: Overview | null = null;
  let looking: Promise<Overview> | null = null;

  const look = async (): Promise<Overview> => {
    const sights = await sightsOf(ports);
    const atMs = clock.wallMs();
    const account = accountOfAll(sights, atMs);
    const { accepted, relayed, dead } = account;
    const isCounted = accepted !== null && relayed !== null && dead !== null;
    flow.saw(isCounted ? { atMs, accepted, ended: relayed + dead } : null);
    const rates = flow.rates();
    const seen: Look = { ...sights, atMs, account, flow: rates, capacity: capacityOf(sights, account, rates) };
    const { troubles, silent } = judge(seen);
    book.saw(troubles, silent, atMs);
    const standing = book.standing();
    const [ages, news] = [shardAgesOf(sights, atMs), followShards(sights.shards, atMs)];
    const lines = sights.shards.map((row, i) => ({ ...row, ...(ages[i] as ShardAges), ...(news[i] as ShardNews) }));
    isQuiet = standing.length === 0 && account.waiting === 0 && account.accepted === last?.account.accepted;
    const overview = { ...seen, level: worstOf(standing), troubles: standing, over: book.over(), lines };
    last = overview;
    for (const listener of listeners) listener(overview);
    return overview;
  };

  const start = (): Promise<Overview> => {
    looking ??= look().finally(() => {
      looking = null;
    });
    return looking;
  };

  return {
    latest: async () => (last !== null && clock.wallMs() - last.atMs < OLD_MS ? last : start()),
    fresh: async () => {
      // One that is under way may have asked before the action.
      await looking;
      return start();
    },
    recall: book.recall,
    onLook: (listener, as = "eyes") => {
      listeners.add(listener);
      if (as === "eyes") {
        eyes.add(listener);
        nap.abort();
      }
      return () => {
        listeners.delete(listener);
        eyes.delete(listener);
      };
    },
    run: async (signal) => {
      while (!signal.aborted) {
        await start();
        nap = new AbortController();
        const apartMs = isQuiet && eyes.size === 0 ? APART_QUIET_MS : APART_MS;
        await clock.sleep(apartMs, AbortSignal.any([signal, nap.signal]));
      }
      for (const listener of listeners) listener(null);
    },
  };
};
