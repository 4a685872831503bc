import type {
  Appended,
  InstallationRecord,
  ShardChunk,
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
import { createRestInstallation, writeRefusal } from "./installation.ts";
import { createRest, type Rest, type RestReply } from "./rest.ts";
import { appendScript } from "./scripts.ts";
import { isRewriting, judgeSettings, settingNames, settingsOf } from "./settings.ts";
import { readUnowned } from "./unowned.ts";
import { createUsageRiders, type Rider } from "./usage.ts";

export type { StreamLimits } from "./limits.ts";

export type StreamTierOptions = AppendSetup & {
  /** Base URL of an Upstash-compatible REST server; http or https. */
  readonly url: string;
  readonly token: string;
  /** Of producers that have a quota. */
  readonly usage?: UsageExchange;
};

/** `code` says why it is down. */
export type StreamHealth = TierHealth & { readonly code?: string };

/** The first tier: one Redis stream per shard, written over HTTP. */
export type StreamTier = StreamPort & {
  health(deadlineMs: number): Promise<StreamHealth>;
  /** Shards that hold events and whose lease nobody has now. Rejects with `Unavailable`. */
  unowned(shards: number, deadlineMs: number): Promise<readonly number[]>;
  /** Whose Redis this is. */
  readonly installation: InstallationRecord;
};

const unavailable = (error: unknown): Appended => {
  if (error instanceof Unavailable) return retriable(error.code);
  throw error;
};

const answersOf = (reply: RestReply | undefined, call: AppendCall): readonly ChunkAppended[] => {
  if (reply?.kind !== "result") {
    const answer: Appended = reply === undefined ? oddReply : retriable(reply.code);
    return call.events.map(() => answer);
  }
  return appendedOf(reply.result, call);
};

const hasCode = (answers: readonly ChunkAppended[], code: string): boolean =>
  answers.some((answer) => answer.kind === "retriable" && answer.code === code);

/** Sends the calls as one request: by hash, or with the script's text. Per call one answer per chunk. */
const sendCalls = async (
  rest: Rest,
  calls: readonly AppendCall[],
  by: "evalsha" | "eval",
  leftMs: () => number,
  rider: Rider | null = null,
): Promise<readonly (readonly ChunkAppended[])[]> => {
  const script = by === "evalsha" ? appendScript.sha : appendScript.source;
  try {
    const replies = await rest.send((pipeline) => {
      for (const { keys, values } of calls) pipeline[by](script, keys as string[], values as unknown[]);
      rider?.fill(pipeline);
    }, leftMs());
    rider?.hear(replies.slice(calls.length));
    return calls.map((call, i) => answersOf(replies[i], call));
  } catch (error) {
    return calls.map(({ events }) => events.map(() => unavailable(error)));
  }
};

/** A server that lost its script cache (a restart) says NOSCRIPT and has done nothing: those are sent once more. */
const appendCalls = async (
  rest: Rest,
  calls: readonly AppendCall[],
  leftMs: () => number,
  rider: Rider | null = null,
): Promise<readonly ChunkAppended[]> => {
  const answers = await sendCalls(rest, calls, "evalsha", leftMs, rider);
  const again = calls.filter((_, i) => hasCode(answers[i] as readonly ChunkAppended[], "no_script"));
  if (again.length === 0) return answers.flat();
  const second = await sendCalls(rest, again, "eval", leftMs);
  let next = 0;
  return answers.flatMap((each) => (hasCode(each, "no_script") ? (second[next++] as readonly ChunkAppended[]) : each));
};

/**
 * All chunks in one call of the script, which costs less than one call each (32 events over 4 shards: edge, REST server and
 * Redis together 600 against 730 µs, S1). A Redis Cluster says CROSSSLOT to that, before it does anything;
 * from then on every chunk is a call of its own, all in one request.
 */
const createAppend = (
  rest: Rest,
  callOf: (chunks: readonly ShardChunk[], asked: boolean) => AppendCall,
  riderOf: () => Rider | null,
) => {
  let isCluster = false;
  return async (chunks: readonly ShardChunk[], asked: boolean, leftMs: () => number) => {
    let rider = riderOf();
    if (!isCluster) {
      const answers = await appendCalls(rest, [callOf(chunks, asked)], leftMs, rider);
      if (!hasCode(answers, "cross_slot")) return answers;
      isCluster = true;
      rider = null;
    }
    const calls = chunks.map((chunk) => callOf([chunk], asked));
    return appendCalls(rest, calls, leftMs, rider);
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

/** With these a server says that it does not tell; any other code is that of no answer, or of one that is no reply. */
const untellingCodes: ReadonlySet<string> = new Set(["forbidden", "unknown_command", "redis_error"]);

/** What the server answers; undefined: it does not tell; null: no answer. */
const told = async (rest: Rest, command: readonly [string, ...string[]], deadlineMs: number): Promise<unknown> => {
  try {
    return await rest.ask(command, deadlineMs);
  } catch (error) {
    if (error instanceof Unavailable) return untellingCodes.has(error.code) ? undefined : null;
    throw error;
  }
};

/** Throws `TypeError` for options that no server could serve. */
export const createStreamTier = (options: StreamTierOptions): StreamTier => {
  const { belonging, namespace } = options;
  checkSetup(options);
  const rest = createRest(options.url, options.token);
  const nonceOf = createNonces();
  const riderOf = options.usage
    ? createUsageRiders(options.usage, { namespace, mark: belonging.mark, nonceOf })
    : () => null;
  const callOf = (chunks: readonly ShardChunk[], asked: boolean) =>
    appendCall(options, chunks, { nonce: nonceOf(), leaseValue: "", asked });
  const append = createAppend(rest, callOf, riderOf);
  const installation = createRestInstallation(rest, namespace);
  const divert = createDivert(rest, options, nonceOf, (deadlineMs) => askRedis(belonging, installation, deadlineMs));
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
    unowned: (shards, deadlineMs) => readUnowned(rest, namespace, shards, deadlineMs),
    async health(deadlineMs) {
      const [foreign, unwritable, config, info] = await Promise.all([
        askRedis(belonging, installation, deadlineMs),
        refusalOf(writeRefusal(rest, namespace, deadlineMs)),
        told(rest, ["CONFIG", "GET", ...settingNames], deadlineMs),
        told(rest, ["INFO", "persistence"], deadlineMs),
      ]);
      const { warnings, promise: judged } = judgeSettings(settingsOf(config), isRewriting(info));
      const promise = config === null || info === null ? null : judged;
      const code = foreign ?? unwritable;
      if (code === null) return { status: "up", warnings, promise };
      const sentence = belonging.sentence("redis");
      return { status: "down", warnings: sentence === null ? warnings : [sentence, ...warnings], promise, code };
    },
  };
};
