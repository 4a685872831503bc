import type { Clock } from "@spillway/event";
import type { FairYield } from "../fair-yield.ts";
import type { Collector } from "./collector.ts";
import { createLeftovers } from "./leftovers.ts";
import type { BodyLimits } from "./read-body.ts";
import { receiveDeclared, receiveStream } from "./receive.ts";
import { createTimeLimit } from "./time-limit.ts";

export type DropPorts = {
  readonly clock: Clock;
  readonly fairYield: FairYield;
  readonly collectGarbage?: () => void;
};

export type DropLimits = Pick<BodyLimits, "bodyBytesMax" | "bodyTimeoutMs"> & { readonly bodiesBytesMax: number };

/** A body of a declared length up to this is read at once: a stream for each costs more than the rest of a refusal (E6). */
const SMALL_BYTES = 4096;

/** Whoever waits for a leave to send has not sent its body. Bun gives that leave in this spelling only. */
const isWaiting = ({ headers }: Request): boolean => (headers.get("expect") ?? "100-continue") !== "100-continue";

/** Waits only where there is a body to take off: of nearly all requests it was read. */
export type DropBody = (request: Request, response: Response) => Promise<void> | undefined;

/**
 * Makes sure that the answer to a request whose body nobody has read is the one that its client sees.
 *
 * Bun closes a connection that ends with the answer as soon as that is written, and whoever is still sending gets EPIPE
 * instead: of 4 MB with `Connection: close` or by HTTP/1.0 most. An HTTP/1.0 request cannot be told from the others, so the
 * body is taken off every connection first, as `receiveStream` does for what it refuses: twice what a body may have, in the
 * time that one has. Nothing of it is kept, but what is under way is memory until it is collected, and its sender may
 * have no key: beyond `bodiesBytesMax`, all together, the answer goes out at once (E6), as it does where more is announced
 * than would be taken off.
 *
 * A connection ends with an answer that comes before its body's end: Node destroys it half a second later, with the next request
 * on it (two of two keep-alive clients), and a body whose client waits for a leave to send it would come in that request's place. An
 * announced trailer is refused at once: behind the body Bun would refuse it in its own words, which are none.
 */
export const createDropBody = (
  { clock, fairYield, collectGarbage }: DropPorts,
  { bodyBytesMax, bodiesBytesMax, bodyTimeoutMs }: DropLimits,
): DropBody => {
  const timeLimit = createTimeLimit(clock, bodyTimeoutMs);
  const leave = createLeftovers(collectGarbage);
  let underWay = 0;
  /** Every part is one too many. */
  const keepsNothing: Collector = {
    add: (part) => {
      leave(part.length);
      return "body_too_large";
    },
    bytes: () => new Uint8Array(),
  };
  /** Whether the body came to its end. */
  const takeOff = async (request: Request, body: ReadableStream<Uint8Array>): Promise<boolean> => {
    const declared = request.headers.get("content-length");
    const bytesMax = 2 * bodyBytesMax;
    const bytes = Number(declared ?? bytesMax);
    // Two lengths are no number.
    if (!(bytes <= bytesMax && underWay + bytes <= bodiesBytesMax)) return false;
    underWay += bytes;
    try {
      const isSmall = declared !== null && bytes <= SMALL_BYTES;
      const dropped = isSmall
        ? await receiveDeclared(request, timeLimit)
        : await receiveStream(body, keepsNothing, bodyBytesMax, { fairYield, timeLimit });
      return dropped.kind === "ok" || dropped.code !== "body_too_slow";
    } finally {
      underWay -= bytes;
    }
  };
  const drop = async (request: Request, body: ReadableStream<Uint8Array>, { headers }: Response): Promise<void> => {
    const isLeft = isWaiting(request) || request.headers.has("trailer");
    if (isLeft || !(await takeOff(request, body))) headers.set("connection", "close");
  };
  return (request, response) =>
    request.bodyUsed || request.body === null ? undefined : drop(request, request.body, response);
};
