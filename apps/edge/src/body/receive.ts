import type { FairYield } from "../fair-yield.ts";
import { type Body, refused } from "./body.ts";
import type { Collector } from "./collector.ts";
import type { TimeLimit } from "./time-limit.ts";

/** Reads a body of declared length, which was taken from the budget: the server never passes on more. */
export const receiveDeclared = (request: Request, timeLimit: TimeLimit): Promise<Body> =>
  new Promise((resolve) => {
    const end = timeLimit.start(() => resolve(refused("body_too_slow")));
    const answer = (body: Body): void => {
      end();
      resolve(body);
    };
    request.arrayBuffer().then(
      (buffer) => answer({ kind: "ok", bytes: new Uint8Array(buffer) }),
      // The client went away.
      () => answer(refused("damaged_body")),
    );
  });

/**
 * Reads a body whose length only its end tells. What was refused is still taken off the connection, for as much again as
 * a body may have: a client that is busy sending would lose its answer with the connection.
 *
 * The turn after each part lets the server put together what has come: 1,000,000 chunks of one byte are 6 parts then, not
 * a million, and 0.2 s instead of 3.4.
 */
export const receiveStream = async (
  stream: ReadableStream<Uint8Array>,
  collected: Collector,
  bytesMax: number,
  { fairYield, timeLimit }: { readonly fairYield: FairYield; readonly timeLimit: TimeLimit },
): Promise<Body> => {
  const reader = stream.getReader();
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  let isOver = false;
  const end = timeLimit.start(() => {
    isOver = true;
    cancel();
  });
  let refusal: "body_too_large" | "overloaded" | null = null;
  let received = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (isOver) return refused("body_too_slow");
      if (done) return refusal === null ? { kind: "ok", bytes: collected.bytes() } : refused(refusal);
      received += value.length;
      refusal ??= collected.add(value);
      if (refusal !== null && received > 2 * bytesMax) {
        cancel();
        return refused(refusal);
      }
      await fairYield.next();
    }
  } catch {
    return refused("damaged_body");
  } finally {
    end();
  }
};
