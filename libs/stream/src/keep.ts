import { type Lease, Unavailable } from "@spillway/event";
import type { Connection } from "./connection.ts";
import { createJointQuestion, createTogether } from "./joint-question.ts";
import { relaysKey, shardKeys } from "./keys.ts";
import { leaseValue } from "./lease-value.ts";
import { runScript } from "./script.ts";
import { keepScript } from "./scripts.ts";

/** What one relay asks for: the renewal of a lease, or, without one, to be known as alive. */
export type Asked = { readonly held: Lease | null; readonly ttlMs: number };
/** The live owners, where that was asked for, or whether the lease was renewed. */
export type Kept = { readonly owners: readonly string[]; readonly isRenewed: boolean };

const keptOf = (reply: unknown, leases: number): readonly Kept[] => {
  const [owners, ...renewed] = Array.isArray(reply) ? (reply as unknown[]) : [];
  if (!Array.isArray(owners) || renewed.length !== leases) throw new Unavailable("odd_reply");
  const isOdd = renewed.some((one) => one !== 0 && one !== 1);
  if (isOdd) throw new Unavailable("odd_reply");
  const names = owners.map(String);
  return [{ owners: names, isRenewed: false }, ...renewed.map((one) => ({ owners: names, isRenewed: one === 1 }))];
};

/** All that one relay asks for in one turn is one call, in a Redis Cluster one `each`. */
export const createKeep = (
  connection: Connection,
  namespace: string,
  owner: string,
  each: (asked: Asked) => Promise<Kept>,
): ((asked: Asked) => Promise<Kept>) => {
  const together = async (asked: readonly Asked[]): Promise<readonly (() => Kept)[]> => {
    const announced = asked.find(({ held }) => held === null);
    const leases = asked.flatMap(({ held, ttlMs }) => (held === null ? [] : [{ held, ttlMs }]));
    const keys = [relaysKey(namespace), ...leases.map(({ held }) => shardKeys(namespace, held.shard).lease)];
    const values = leases.flatMap(({ held, ttlMs }) => [leaseValue(held), Math.ceil(ttlMs)]);
    const head = announced === undefined ? ["", 0] : [owner, Math.ceil(announced.ttlMs)];
    const [told, ...renewed] = keptOf(
      await runScript(connection, keepScript, keys, [...head, ...values]),
      leases.length,
    );
    let next = 0;
    const kept = asked.map(({ held }) => (held === null ? told : renewed[next++]) as Kept);
    return kept.map((one) => () => one);
  };

  return createJointQuestion(createTogether(together, each));
};
