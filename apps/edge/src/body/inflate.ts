import { type Clock, PIECE_BYTES } from "@spillway/event";
import type { FairYield } from "../fair-yield.ts";
import { type Body, refused } from "./body.ts";
import type { Share } from "./budget.ts";
import { type Collector, createCollector } from "./collector.ts";
import type { Seat } from "./seat.ts";

/**
 * How long a body waits for room before it is refused. Others give theirs back within milliseconds; and ten connections that
 * come again as soon as they are refused are 50 requests a second, not 1,000.
 */
const ROOM_WAIT_MS = 200;
const SIZE_BYTES = 4;

/**
 * Bun unfolds all of what it is fed before anybody reads: a thousand times as much, at worst, for each body at once. (And
 * more than 32 KiB in a thread, to parts of half a MiB: ten bodies of 800 KB were 400 MB then.)
 */
const FED_BYTES = 4096;

const feed = async (to: WritableStreamDefaultWriter<BufferSource>, bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
  for (let at = 0; at < bytes.length; at += FED_BYTES) await to.write(bytes.subarray(at, at + FED_BYTES));
  await to.close();
};

/** Whether what a body begins with is refused whatever follows, so that the rest does not have to be unfolded. */
export type IsRefused = (beginning: Uint8Array) => boolean;

/**
 * The seat is taken, and left to the caller to leave, for what unfolds to more than one part. `isRefused` is asked once, as
 * soon as there is more than one event may have; where it says so, the body ends there.
 */
export type Inflate = (bytes: Uint8Array<ArrayBuffer>, share: Share, seat: Seat, isRefused: IsRefused) => Promise<Body>;

/** What the last member of a gzip file says that it unfolds to: true where nobody lies, and there is one member. */
const sizeIn = (bytes: Uint8Array): number =>
  bytes.length < SIZE_BYTES
    ? 0
    : new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - SIZE_BYTES, true);

/**
 * Undoes gzip, several members too, up to `bytesMax`: what a bomb unfolds to is never all in memory. 4 KB can unfold to 4
 * MiB without a turn of the event loop in between (2.5 ms each, and ten of them 24 ms), so every 64 KiB after the first
 * ones have their own.
 */
export const createInflate = (
  { clock, fairYield }: { readonly clock: Clock; readonly fairYield: FairYield },
  { bodyBytesMax, eventBytesMax }: { readonly bodyBytesMax: number; readonly eventBytesMax: number },
): Inflate => {
  const inflate = async (
    reader: ReadableStreamDefaultReader<Uint8Array>,
    collected: Collector,
    seat: Seat,
    isRefused: IsRefused,
  ): Promise<Body> => {
    try {
      for (let inTurn = 0, parts = 0; ; parts++) {
        const { done, value } = await reader.read();
        if (done) return { kind: "ok", bytes: collected.bytes() };
        if (parts === 1) await seat.take();
        inTurn += value.length;
        if (inTurn > PIECE_BYTES) {
          await fairYield.own();
          inTurn = value.length;
        }
        const refusal = collected.add(value);
        if (refusal !== null) return refused(refusal);
        const length = collected.bytes().length;
        if (length > eventBytesMax && length - value.length <= eventBytesMax && isRefused(collected.bytes()))
          return { kind: "ok", bytes: collected.bytes() };
      }
    } catch {
      // Not gzip, or less or more than one: the error's text differs by runtime and says no more.
      return refused("damaged_body");
    }
  };

  return async (bytes, share, seat, isRefused) => {
    const expected = Math.min(sizeIn(bytes), bodyBytesMax);
    if (!share.fits(expected)) {
      await clock.sleep(ROOM_WAIT_MS);
      if (!share.fits(expected)) return refused("overloaded");
    }
    const { readable, writable } = new DecompressionStream("gzip");
    // What is wrong with the bytes the reader is told, too.
    feed(writable.getWriter(), bytes).catch(() => undefined);
    const reader = readable.getReader();
    const body = await inflate(
      reader,
      createCollector(share, bodyBytesMax, expected, (bytes) => seat.buffer(bytes)),
      seat,
      isRefused,
    );
    // Where all was read this does nothing.
    reader.cancel().catch(() => undefined);
    return body;
  };
};
