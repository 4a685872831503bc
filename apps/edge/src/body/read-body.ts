import type { Clock } from "@spillway/event";
import type { FairYield } from "../fair-yield.ts";
import { type Body, refused } from "./body.ts";
import type { Share } from "./budget.ts";
import { createCollector } from "./collector.ts";
import { createInflate, type IsRefused } from "./inflate.ts";
import { receiveDeclared, receiveStream } from "./receive.ts";
import type { Seat } from "./seat.ts";
import { createTimeLimit } from "./time-limit.ts";

export type BodyLimits = {
  /** Bytes of a body, compressed or not. */
  readonly bodyBytesMax: number;
  /** Bytes of an event: what is longer and no batch is not unfolded to its end. */
  readonly eventBytesMax: number;
  /** Milliseconds from a request's headers to its body's end. */
  readonly bodyTimeoutMs: number;
};

const encodings: ReadonlySet<string> = new Set(["", "identity", "gzip", "x-gzip"]);

/**
 * Reads bodies of at most `bodyBytesMax` bytes, before and after decompression. What a body takes is taken from its share
 * before it is there: a declared length at once, the rest as it comes. Releasing the share is up to the caller, who knows
 * how long the bytes are needed; so is leaving the seat. A `Content-Length` is a plain number by now (`framing.ts`).
 */
export const createBodyReader = (
  { clock, fairYield }: { readonly clock: Clock; readonly fairYield: FairYield },
  { bodyBytesMax, eventBytesMax, bodyTimeoutMs }: BodyLimits,
): ((request: Request, share: Share, seat: Seat, isRefused: IsRefused) => Promise<Body> | Body) => {
  const timeLimit = createTimeLimit(clock, bodyTimeoutMs);
  const inflate = createInflate({ clock, fairYield }, { bodyBytesMax, eventBytesMax });
  const receive = (request: Request, declared: string | null, share: Share): Promise<Body> | Body => {
    if (declared === null)
      return request.body === null
        ? { kind: "ok", bytes: new Uint8Array() }
        : receiveStream(request.body, createCollector(share, bodyBytesMax), bodyBytesMax, { fairYield, timeLimit });
    const bytes = Number(declared);
    if (bytes > bodyBytesMax) return refused("body_too_large");
    return share.take(bytes) ? receiveDeclared(request, timeLimit) : refused("overloaded");
  };
  const receiveGzip = async (
    request: Request,
    declared: string | null,
    share: Share,
    seat: Seat,
    isRefused: IsRefused,
  ) => {
    const received = await receive(request, declared, share);
    if (received.kind !== "ok") return received;
    const endedAtMs = clock.monotonicMs();
    const body = await inflate(received.bytes, share, seat, isRefused);
    return body.kind === "ok" ? { ...body, unfoldMs: clock.monotonicMs() - endedAtMs } : body;
  };
  return (request, share, seat, isRefused) => {
    const { headers } = request;
    const declared = headers.get("content-length");
    const encoding = headers.get("content-encoding")?.trim().toLowerCase() ?? "";
    if (!encodings.has(encoding)) return refused("unsupported_content_encoding");
    return encoding.endsWith("gzip")
      ? receiveGzip(request, declared, share, seat, isRefused)
      : receive(request, declared, share);
  };
};
