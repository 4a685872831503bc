import type { ReadEvent, SealedEvent } from "@spillway/event";
import type { EventResult } from "../commit/result.ts";
import type { AdmittedEvent } from "./admit.ts";
import { BatchOutcome } from "./batch-outcome.ts";
import type { IngestPorts } from "./ports.ts";

/** Commits the valid events of a batch and answers for all of them. An empty batch is a batch that is all stored. */
export const ingestBatch = async (
  events: readonly ReadEvent[],
  admit: (event: ReadEvent) => AdmittedEvent,
  ports: IngestPorts,
  requestId: string,
): Promise<Response> => {
  const outcome = new BatchOutcome();
  const sealed: SealedEvent[] = [];
  const indexes: number[] = [];
  for (let index = 0; index < events.length; index++) {
    const event = admit(events[index] as ReadEvent);
    if (event.kind === "invalid") outcome.addInvalid(index, event);
    else {
      sealed.push(event.sealed);
      indexes.push(index);
    }
  }
  const results = await ports.committer.commit(sealed);
  for (let i = 0; i < sealed.length; i++)
    outcome.settle(indexes[i] as number, (sealed[i] as SealedEvent).id, results[i] as EventResult);
  return outcome.respond(requestId, ports.committer.retryAfterSeconds);
};
