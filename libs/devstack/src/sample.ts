import { randomUUID } from "node:crypto";
import { systemClock } from "@spillway/event";

const POST_MS = 10_000;

/** A few events as an application might send them; two of them share a partition key. */
const sampleEvents = (): { id: string }[] => {
  const event = (type: string, subject: string, data: Record<string, unknown>) => ({
    specversion: "1.0",
    id: randomUUID(),
    source: "/spillway/sample",
    type,
    subject,
    time: new Date().toISOString(),
    data,
  });
  return [
    event("order.placed", "customer-7", { order: 1001, amount: 42.5 }),
    event("order.paid", "customer-7", { order: 1001, amount: 42.5 }),
    event("order.placed", "customer-8", { order: 1002, amount: 7 }),
    event("stock.reserved", "item-31", { order: 1002, quantity: 3 }),
    event("user.signed-in", "customer-9", { device: "phone" }),
  ];
};

/** The edge did not take the samples; with its answer. */
export class SamplesRefused extends Error {
  override readonly name = "SamplesRefused";
}

/** A stack that has just started may refuse for a moment: a relay that founds it, a disk that is slow. */
const TRIES = 5;

/**
 * Posts the samples in one batch and returns their ids. What may be sent again is, as a client should, with the same ids and after the
 * time that the edge names. Throws SamplesRefused when the edge does not take all of them.
 */
export const postSamples = async (edgeUrl: string, apiKey: string): Promise<string[]> => {
  const events = sampleEvents();
  for (let tries = 1; ; tries++) {
    const response = await fetch(`${edgeUrl}/v1/events`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/cloudevents-batch+json" },
      body: JSON.stringify(events),
      signal: AbortSignal.timeout(POST_MS),
    });
    const answer = await response.text();
    if (response.status === 202) return events.map(({ id }) => id);
    const againSeconds = Number(response.headers.get("retry-after"));
    if (againSeconds === 0 || tries === TRIES)
      throw new SamplesRefused(`the edge answered ${response.status}: ${answer.slice(0, 400)}`);
    await systemClock.sleep(againSeconds * 1_000);
  }
};
