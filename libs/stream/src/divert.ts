import type { StreamTier } from "@spillway/event";
import type { AppendSetup } from "./append.ts";
import { shardKeys } from "./keys.ts";
import { callScript } from "./script-calls.ts";
import { divertScript } from "./scripts.ts";
import type { Reply, Transport } from "./transport.ts";

type Raiser = { readonly namespace: string; readonly installation: string; readonly nonceOf: () => string };

/** Null: the stamp stands. */
const codeOf = (reply: Reply | undefined, nonce: string): string | null => {
  if (reply?.kind === "error") return reply.code;
  const [status, stamp] = Array.isArray(reply?.result) ? (reply.result as unknown[]) : [];
  if (status === "UNAGREED") return "unagreed";
  return status === "OK" && typeof stamp === "string" && stamp.endsWith(` ${nonce}`) ? null : "odd_reply";
};

/** Raises a stamp of its own on each shard, for `installation`; answers for each the code why not, or null. `asked` as the script says. */
export const raiseStamps = async (
  transport: Transport,
  { namespace, installation, nonceOf }: Raiser,
  shards: readonly number[],
  asked: "" | "1",
  leftMs: () => number,
): Promise<readonly (string | null)[]> => {
  const nonces = shards.map(nonceOf);
  const calls = shards.map((shard, i) => {
    const { diverted, lease, count } = shardKeys(namespace, shard);
    return { keys: [diverted, lease, count], values: ["raise", installation, nonces[i] as string, asked] };
  });
  const replies = await callScript(transport, divertScript, calls, leftMs);
  return shards.map((_, i) => codeOf(replies[i], nonces[i] as string));
};

/**
 * An edge's half of divert.lua: one call for each shard, since a cluster has them in different slots, all in one request. A
 * shard that does not know our installation yet is asked again once Redis has said whose it is, as an append is.
 */
export const createDivert = (
  transport: Transport,
  { namespace, belonging }: Pick<AppendSetup, "namespace" | "belonging">,
  nonceOf: () => string,
  ask: (deadlineMs: number) => Promise<string | null>,
): StreamTier["divert"] => {
  const raise = (shards: readonly number[], asked: "" | "1", leftMs: () => number) =>
    raiseStamps(transport, { namespace, installation: belonging.mark(), nonceOf }, shards, asked, leftMs);

  return async (shards, deadlineMs) => {
    const endMs = performance.now() + deadlineMs;
    const leftMs = (): number => endMs - performance.now();
    let codes = await raise(shards, "", leftMs);
    if (codes.includes("unagreed")) {
      const refusal = await ask(leftMs());
      if (refusal !== null) return refusal;
      codes = await raise(shards, "1", leftMs);
    }
    return codes.find((code) => code !== null) ?? null;
  };
};
