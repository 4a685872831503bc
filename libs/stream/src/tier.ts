import type { Appended, ShardChunk, Tier, TierHealth } from "@spillway/event";
import { Unavailable } from "@spillway/event";
import { type AppendCall, appendCall, appendedOf, createNonces } from "./append.ts";
import { checkNamespace, metaKey } from "./keys.ts";
import { checkLimits, type StreamLimits } from "./limits.ts";
import { judgeShards, SHARDS_FIELD, type ShardsAgreement } from "./meta.ts";
import { createRest, type Rest, type RestReply } from "./rest.ts";
import { appendScript } from "./scripts.ts";
import { judgeSettings, restSettingNames, settingsOf } from "./settings.ts";

export type { StreamLimits } from "./limits.ts";
export type { ShardsAgreement } from "./meta.ts";

export type StreamTierOptions = {
  /** Base URL of an Upstash-compatible REST server; http or https. */
  readonly url: string;
  readonly token: string;
  /** Begins every key; 1 to 64 of letters, digits and `_.:-`. */
  readonly namespace: string;
  readonly shards: number;
  readonly limits: StreamLimits;
};

/** `unknown` names the settings that the server did not tell; `code` says why it is down. */
export type StreamHealth = TierHealth & { readonly unknown: readonly string[]; readonly code?: string };

/** The first tier: one Redis stream per shard, written over HTTP. */
export type StreamTier = Tier & {
  readonly name: "stream";
  health(deadlineMs: number): Promise<StreamHealth>;
  /** Records the number of shards in Redis unless one is there, and compares. Never rejects. */
  agreeOnShards(deadlineMs: number): Promise<ShardsAgreement>;
};

const retriable = (error: unknown): Appended => {
  if (error instanceof Unavailable) return { kind: "retriable", code: error.code };
  throw error;
};

const appendedOfReply = (reply: RestReply | undefined, call: AppendCall): Appended => {
  if (reply === undefined) return { kind: "retriable", code: "odd_reply" };
  if (reply.kind === "error") return { kind: "retriable", code: reply.code };
  const appended = appendedOf(reply.result, call);
  return appended.kind === "stale" ? { kind: "retriable", code: "odd_reply" } : appended;
};

const isNoScript = (appended: Appended): boolean => appended.kind === "retriable" && appended.code === "no_script";

/** Sends the calls as one request: by hash, or with the script's text. One answer per call. */
const sendCalls = async (
  rest: Rest,
  calls: readonly AppendCall[],
  by: "evalsha" | "eval",
  deadlineMs: number,
): Promise<readonly Appended[]> => {
  const script = by === "evalsha" ? appendScript.sha : appendScript.source;
  try {
    const replies = await rest.send((pipeline) => {
      for (const { keys, values } of calls) pipeline[by](script, keys, values);
    }, deadlineMs);
    return calls.map((call, i) => appendedOfReply(replies[i], call));
  } catch (error) {
    return calls.map(() => retriable(error));
  }
};

/** A server that lost its script cache (a restart) says NOSCRIPT and has done nothing: those are sent once more. */
const appendAll = async (
  rest: Rest,
  calls: readonly AppendCall[],
  deadlineMs: number,
): Promise<readonly Appended[]> => {
  if (calls.length === 0) return [];
  const startMs = performance.now();
  const answers = await sendCalls(rest, calls, "evalsha", deadlineMs);
  const again = calls.filter((_, i) => isNoScript(answers[i] as Appended));
  if (again.length === 0) return answers;
  const leftMs = deadlineMs - (performance.now() - startMs);
  const second = await sendCalls(rest, again, "eval", leftMs);
  let next = 0;
  return answers.map((answer) => (isNoScript(answer) ? (second[next++] as Appended) : answer));
};

const agreeOnShards = async (rest: Rest, namespace: string, shards: number, deadlineMs: number) => {
  const key = metaKey(namespace);
  const [set, got] = await rest.send((pipeline) => {
    pipeline.hsetnx(key, SHARDS_FIELD, String(shards));
    pipeline.hget(key, SHARDS_FIELD);
  }, deadlineMs);
  if (got?.kind === "error") throw new Unavailable(got.code);
  const agreement = judgeShards(namespace, got?.result, shards);
  // HSETNX is refused where an append would be (full, read-only, disk failing), even when it has nothing to write.
  if (agreement.kind !== "disagreed" && set?.kind === "error") throw new Unavailable(set.code);
  return agreement;
};

const configOf = async (rest: Rest, deadlineMs: number): Promise<unknown> => {
  try {
    return await rest.config(restSettingNames, deadlineMs);
  } catch (error) {
    if (error instanceof Unavailable) return null;
    throw error;
  }
};

/** Throws `TypeError` for options that no server could serve. */
export const createStreamTier = (options: StreamTierOptions): StreamTier => {
  const { namespace, shards, limits } = options;
  checkNamespace(namespace);
  checkLimits(limits);
  const rest = createRest(options.url, options.token);
  const nonceOf = createNonces();
  const callOf = (chunk: ShardChunk) => appendCall(namespace, chunk, limits, nonceOf(), "");
  const agree = async (deadlineMs: number): Promise<ShardsAgreement> => {
    try {
      return await agreeOnShards(rest, namespace, shards, deadlineMs);
    } catch (error) {
      if (error instanceof Unavailable) return { kind: "unknown", code: error.code };
      throw error;
    }
  };
  return {
    name: "stream",
    append: async (chunks, deadlineMs) => appendAll(rest, chunks.map(callOf), deadlineMs),
    agreeOnShards: agree,
    async health(deadlineMs) {
      const [agreement, config] = await Promise.all([agree(deadlineMs), configOf(rest, deadlineMs)]);
      const { warnings, unknown } = judgeSettings(settingsOf(config), restSettingNames);
      if (agreement.kind === "agreed") return { status: "up", warnings, unknown };
      if (agreement.kind === "unknown") return { status: "down", warnings, unknown, code: agreement.code };
      return { status: "down", warnings: [agreement.reason, ...warnings], unknown, code: "shards_differ" };
    },
  };
};
