import type {
  Appended,
  InstallationRecord,
  ShardChunk,
  StreamLook,
  StreamTier as StreamPort,
  TierHealth,
  UsageExchange,
} from "@spillway/event";
import { Unavailable } from "@spillway/event";
import {
  type AppendCall,
  type AppendSetup,
  appendAgreed,
  appendCall,
  appendedOf,
  askRedis,
  type ChunkAppended,
  checkSetup,
  createNonces,
  oddReply,
  retriable,
} from "./append.ts";
import { createDivert } from "./divert.ts";
import { createFind } from "./find.ts";
import { createRedisInstallation, writeRefusal } from "./installation.ts";
import { askSettings } from "./judge.ts";
import { callScript } from "./script-calls.ts";
import { appendScript } from "./scripts.ts";
import type { Judged } from "./settings.ts";
import type { Reply, Transport } from "./transport.ts";
import { readUnowned } from "./unowned.ts";
import { createUsageRiders, type Rider } from "./usage.ts";

export type { StreamLimits } from "./limits.ts";
export { createRestTransport, type RestOptions } from "./rest.ts";
export type { Transport } from "./transport.ts";

export type StreamTierOptions = AppendSetup & {
  readonly transport: Transport;
  /** Of producers that have a quota. */
  readonly usage?: UsageExchange;
};

/** `code` says why it is down. */
export type StreamHealth = TierHealth & { readonly code?: string };

/** The first tier: one Redis stream per shard, the same over each transport. */
export type StreamTier = StreamPort & {
  health(deadlineMs: number): Promise<StreamHealth>;
  /** Shards that hold events and whose lease nobody has now. Rejects with `Unavailable`. */
  unowned(shards: number, deadlineMs: number): Promise<readonly number[]>;
  /** Where an event is. Rejects with `Unavailable`. */
  readonly find: StreamLook;
  /** Whose Redis this is. */
  readonly installation: InstallationRecord;
};

const answersOf = (reply: Reply | undefined, call: AppendCall): readonly ChunkAppended[] => {
  if (reply?.kind !== "result") {
    const answer: Appended = reply === undefined ? oddReply : retriable(reply.code);
    return call.events.map(() => answer);
  }
  return appendedOf(reply.result, call);
};

const isCrossSlot = (reply: Reply | undefined): boolean => reply?.kind === "error" && reply.code === "cross_slot";

/**
 * All chunks in one call of the script, which costs less than one call each (32 events over 4 shards: edge, REST server and
 * Redis together 600 against 730 µs, S1). A Redis Cluster says CROSSSLOT to that, before it does anything;
 * from then on every chunk is a call of its own, all in one request.
 */
const createAppend = (
  transport: Transport,
  callOf: (chunks: readonly ShardChunk[], asked: boolean) => AppendCall,
  riderOf: () => Rider | null,
) => {
  let isCluster = false;
  return async (chunks: readonly ShardChunk[], asked: boolean, leftMs: () => number) => {
    const send = async (calls: readonly AppendCall[], rider: Rider | null) => {
      const replies = await callScript(transport, appendScript, calls, leftMs, rider?.commands);
      rider?.hear(replies.slice(calls.length));
      return replies;
    };
    let rider = riderOf();
    if (!isCluster) {
      const call = callOf(chunks, asked);
      const [reply] = await send([call], rider);
      if (!isCrossSlot(reply)) return answersOf(reply, call);
      isCluster = true;
      rider = null;
    }
    const calls = chunks.map((chunk) => callOf([chunk], asked));
    const replies = await send(calls, rider);
    return calls.flatMap((call, i) => answersOf(replies[i], call));
  };
};

/** Why an append would be refused now, whatever Redis is set up with. */
const refusalOf = async (asked: Promise<string | null>): Promise<string | null> => {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Unavailable) return error.code;
    throw error;
  }
};

/** Null: they were not to be heard. */
const settingsNow = async (transport: Transport, deadlineMs: number): Promise<Judged | null> => {
  try {
    return await askSettings(transport, deadlineMs);
  } catch (error) {
    if (error instanceof Unavailable) return null;
    throw error;
  }
};

/** Throws `TypeError` for options that no server could serve. */
export const createStreamTier = (options: StreamTierOptions): StreamTier => {
  const { transport, belonging, namespace } = options;
  checkSetup(options);
  const nonceOf = createNonces();
  const riderOf = options.usage
    ? createUsageRiders(options.usage, { namespace, mark: belonging.mark, nonceOf })
    : () => null;
  const callOf = (chunks: readonly ShardChunk[], asked: boolean) =>
    appendCall(options, chunks, { nonce: nonceOf(), leaseValue: "", asked });
  const append = createAppend(transport, callOf, riderOf);
  const installation = createRedisInstallation(transport, namespace);
  const divert = createDivert(transport, options, nonceOf, (deadlineMs) =>
    askRedis(belonging, installation, deadlineMs),
  );
  return {
    name: "stream",
    divert,
    async append(chunks, deadlineMs) {
      if (chunks.length === 0) return [];
      const endMs = performance.now() + deadlineMs;
      const leftMs = (): number => endMs - performance.now();
      const ask = () => askRedis(belonging, installation, leftMs());
      const answers = await appendAgreed(chunks, (some, asked) => append(some, asked, leftMs), ask);
      return answers.map((answer) => (answer.kind === "fenced" ? oddReply : answer));
    },
    installation,
    find: createFind(transport, { namespace, belonging, nonceOf, ...options.limits }),
    unowned: (shards, deadlineMs) => readUnowned(transport, namespace, shards, deadlineMs),
    async health(deadlineMs) {
      const [foreign, unwritable, judged] = await Promise.all([
        askRedis(belonging, installation, deadlineMs),
        refusalOf(writeRefusal(transport, namespace, deadlineMs)),
        settingsNow(transport, deadlineMs),
      ]);
      const [warnings, promise] = [judged?.warnings ?? [], judged?.promise ?? null];
      const code = foreign ?? unwritable;
      if (code === null) return { status: "up", warnings, promise };
      return { status: "down", warnings: [belonging.sentence("redis") ?? code, ...warnings], promise, code };
    },
  };
};
