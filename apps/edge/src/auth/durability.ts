import type { Durability } from "@spillway/event";
import type { Problem } from "../respond.ts";

/** Events whose type begins like this are at least so durable; of several the longest counts. */
export type DurabilityRoute = { readonly prefix: string; readonly durability: Durability };

/** What a key's events are at least, and whether its requests may ask for more. */
export type KeyDurability = { readonly name: string; readonly durability: Durability | null; readonly may: boolean };

export const HEADER = "spillway-durability";

const stronger = (a: Durability | undefined, b: Durability | undefined): Durability | undefined =>
  a === "required" || b === undefined ? a : b;

const invalid: Problem = { code: "invalid_durability", detail: "Spillway-Durability is both or required" };
const forbidden: Problem = {
  code: "durability_forbidden",
  detail: "the key may not ask for a durability of its own; send the event without Spillway-Durability",
};

/** How durable an event has to be before it is answered, by its type, its key and its request: the strongest of them. */
export const createDurabilities = (routes: readonly DurabilityRoute[], keys: readonly KeyDurability[]) => {
  const longestFirst = routes.toSorted((a, b) => b.prefix.length - a.prefix.length);
  const ofKey = new Map(keys.map((key) => [key.name, key]));
  return {
    /** By the key and the request's header; undefined: as any. */
    ofRequest: (header: string | null, name: string): Durability | undefined | Problem => {
      const key = ofKey.get(name);
      const own = key?.durability ?? undefined;
      if (header === null) return own;
      if (header !== "both" && header !== "required") return invalid;
      return key?.may ? stronger(own, header) : forbidden;
    },
    ofEvent: (type: string, asked: Durability | undefined): Durability | undefined => {
      if (longestFirst.length === 0) return asked;
      return stronger(longestFirst.find(({ prefix }) => type.startsWith(prefix))?.durability, asked);
    },
  };
};
