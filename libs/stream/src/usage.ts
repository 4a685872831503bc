import type { UsageExchange, UsageOfAll } from "@spillway/event";
import { usageKey } from "./keys.ts";
import { scriptCommand } from "./script-calls.ts";
import { usageScript } from "./scripts.ts";
import type { Command, Reply } from "./transport.ts";

/** For how long what an edge told counts. */
const TOLD_MS = 5_000;

/** Commands that go with an append in its request. */
export type Rider = {
  readonly commands: readonly Command[];
  /** What they were answered. */
  hear(replies: readonly Reply[]): void;
};

const ofAllIn = (reply: Reply | undefined, nonce: string): UsageOfAll | null => {
  const fields = reply?.kind === "result" && Array.isArray(reply.result) ? (reply.result as unknown[]) : [];
  const [echo, ...rest] = fields;
  const [edges = Number.NaN, events = Number.NaN, bytes = Number.NaN] = rest.map(Number);
  const isWhole = echo === nonce && [edges, events, bytes].every((each) => Number.isFinite(each) && each >= 0);
  return isWhole && edges >= 1 ? { edges, events, bytes } : null;
};

/**
 * Tells and asks what comes of producers that have a quota, one call of usage.lua for each, by the request of an append. The key
 * has the installation in its name, so that in another installation's Redis nothing is mixed, and it expires there.
 */
export const createUsageRiders = (
  { due, heard }: UsageExchange,
  { namespace, mark, nonceOf }: { readonly namespace: string; mark(): string; nonceOf(): string },
): (() => Rider | null) => {
  const edge = crypto.randomUUID();
  /** By its text until the server has it, and when it has lost it. */
  let isKnown = false;
  return () => {
    // A Redis that is not known to be ours must get nothing.
    if (mark() === "") return null;
    const told = due().map((one) => ({ ...one, nonce: nonceOf() }));
    if (told.length === 0) return null;
    const by = isKnown ? "evalsha" : "eval";
    return {
      commands: told.map(({ name, usage, nonce }) => {
        const values = [nonce, edge, usage.events.toFixed(3), usage.bytes.toFixed(3), TOLD_MS];
        return scriptCommand(by, usageScript, { keys: [usageKey(namespace, mark(), name)], values });
      }),
      hear: (replies) => {
        for (const [i, { name, nonce }] of told.entries()) {
          const ofAll = ofAllIn(replies[i], nonce);
          if (ofAll !== null) heard(name, ofAll);
          isKnown = ofAll !== null;
        }
      },
    };
  };
};
