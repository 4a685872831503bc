import type { Turns } from "../turns.ts";
import { type Body, refused } from "./body.ts";
import type { Share } from "./budget.ts";
import { createCollector } from "./collector.ts";
import { createSlots } from "./slots.ts";

/** One that inflates holds 100 KB besides its bytes, and none is done earlier when more go on at once. */
const AT_ONCE = 4;

export type Inflate = (bytes: Uint8Array<ArrayBuffer>, share: Share) => Promise<Body>;

/**
 * Undoes gzip, several members too, up to `bytesMax`: what a bomb unfolds to is never all in memory. 4 KB can unfold to 4
 * MiB without a turn of the event loop in between (2.5 ms each, and ten of them 24 ms), so there is one after each part.
 */
export const createInflate = (turns: Turns, bytesMax: number): Inflate => {
  const slots = createSlots(AT_ONCE);
  const inflate = async (bytes: Uint8Array<ArrayBuffer>, share: Share): Promise<Body> => {
    const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
    const collected = createCollector(share, bytesMax);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { kind: "ok", bytes: collected.bytes() };
      const refusal = collected.add(value);
      if (refusal !== null) {
        reader.cancel().catch(() => undefined);
        return refused(refusal);
      }
      await turns.next();
    }
  };
  return async (bytes, share) => {
    await slots.enter();
    try {
      return await inflate(bytes, share);
    } catch {
      // Not gzip, or less or more than one: the error's text differs by runtime and says no more.
      return refused("damaged_body");
    } finally {
      slots.leave();
    }
  };
};
