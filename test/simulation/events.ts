import { type Durability, type SealedEvent, sealEvent } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import type { Random } from "./random.ts";

export const topics = { orders: 2, audits: 1 } as const;
export const topicOf = (type: string): string => (type.startsWith("order") ? "orders" : "audits");

/** A broker takes no larger record here; a healthy one is a tenth of it. */
export const RECORD_BYTES_MAX = 1_500;

/** What a broker makes of an event. */
export type Content = "healthy" | "poison" | "oversize";

export const isPoison = (text: string): boolean => text.includes('"data":"poison"');

const dataOf: Readonly<Record<Content, string>> = {
  healthy: "fine",
  poison: "poison",
  oversize: "x".repeat(RECORD_BYTES_MAX),
};

/** Makes events that nobody made before. Every id is used twice, by producers who do not know of each other. */
export type EventSource = { next(key: string | null, content?: Content): SealedEvent };

export const createEventSource = (
  random: Random,
  shards: number,
  durabilityOf: () => Durability | undefined,
): EventSource => {
  let made = 0;
  return {
    next: (partitionKey, content = "healthy") => {
      const producer = made % 2 === 0 ? "shop" : "till";
      const id = `e${made++ >> 1}`;
      const type = random.chance(0.75) ? "order.placed" : "audit.noted";
      const attributes = { id, source: "simulation", type, partitionKey, traceparent: null };
      const event = { specversion: "1.0", id, source: "simulation", type, producer, data: dataOf[content] };
      const sealed = sealEvent(attributes, new TextEncoder().encode(JSON.stringify(event)), shards, platform, producer);
      // What the verdict and the trace call it.
      const durability = durabilityOf();
      return { ...sealed, id: `${producer}-${id}`, ...(durability === undefined ? {} : { durability }) };
    },
  };
};
