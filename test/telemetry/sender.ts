import { randomUUID } from "node:crypto";
import { systemClock } from "@spillway/event";
import type { Pipeline } from "../support/world.ts";

const EVERY_MS = 100;

/** Posts an event of each type ten times a second until it is stopped, and knows the ids by what was answered. */
export const startSender = (pipeline: Pipeline, types: readonly string[]) => {
  /** Of a promise, and of none: those may have been stored or not. */
  const accepted = new Set<string>();
  const refused = new Set<string>();
  let isPosting = true;
  let subjects = 0;

  const post = async (event: Readonly<Record<string, unknown>>): Promise<number> => {
    const id = randomUUID();
    const body = JSON.stringify({ id, subject: `s${subjects++ % 8}`, ...event });
    const status = await pipeline.post(body).then(
      (response) => response.status,
      () => 0,
    );
    (status === 202 ? accepted : refused).add(id);
    return status;
  };
  const posting = (async () => {
    for (; isPosting; await systemClock.sleep(EVERY_MS)) for (const type of types) await post({ type });
  })();

  return {
    accepted: accepted as ReadonlySet<string>,
    refused: refused as ReadonlySet<string>,
    post,
    stop: async () => {
      isPosting = false;
      await posting;
    },
  };
};
