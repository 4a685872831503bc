import { type StreamTier, Unavailable } from "@spillway/event";
import type { AppendSetup } from "./append.ts";
import { shardKeys } from "./keys.ts";
import type { Rest, RestReply } from "./rest.ts";
import { divertScript } from "./scripts.ts";

/** Null: the stamp stands. */
const codeOf = (reply: RestReply | undefined, nonce: string): string | null => {
  if (reply?.kind === "error") return reply.code;
  const [status, stamp] = Array.isArray(reply?.result) ? (reply.result as unknown[]) : [];
  if (status === "UNAGREED") return "unagreed";
  return status === "OK" && typeof stamp === "string" && stamp.endsWith(` ${nonce}`) ? null : "odd_reply";
};

/**
 * An edge's half of divert.lua: one call for each shard, since a cluster has them in different slots, all in one request. A
 * shard that does not know our installation yet is asked again once Redis has said whose it is, as an append is.
 */
export const createDivert = (
  rest: Rest,
  { namespace, belonging }: Pick<AppendSetup, "namespace" | "belonging">,
  nonceOf: () => string,
  ask: (deadlineMs: number) => Promise<string | null>,
): StreamTier["divert"] => {
  const raise = async (shards: readonly number[], by: "evalsha" | "eval", asked: string, leftMs: number) => {
    const script = by === "evalsha" ? divertScript.sha : divertScript.source;
    const nonces = shards.map(nonceOf);
    const replies = await rest.send((pipeline) => {
      for (const [i, shard] of shards.entries()) {
        const { diverted, lease, count } = shardKeys(namespace, shard);
        pipeline[by](script, [diverted, lease, count], ["raise", belonging.mark(), nonces[i], asked]);
      }
    }, leftMs);
    return shards.map((_, i) => codeOf(replies[i], nonces[i] as string));
  };

  return async (shards, deadlineMs) => {
    const endMs = performance.now() + deadlineMs;
    const leftMs = (): number => endMs - performance.now();
    try {
      let codes = await raise(shards, "evalsha", "", leftMs());
      if (codes.includes("no_script")) codes = await raise(shards, "eval", "", leftMs());
      if (!codes.includes("unagreed")) return codes.find((code) => code !== null) ?? null;
      const refusal = await ask(leftMs());
      if (refusal !== null) return refusal;
      codes = await raise(shards, "eval", "1", leftMs());
      return codes.find((code) => code !== null) ?? null;
    } catch (error) {
      if (error instanceof Unavailable) return error.code;
      throw error;
    }
  };
};
