import type { Durability, Malformed, Pieces, ReadBody, ReadEvent } from "@spillway/event";
import { HEADER } from "../auth/durability.ts";
import { BodyBudget, Share } from "../body/budget.ts";
import { createBodyReader } from "../body/read-body.ts";
import { Seat, Seats } from "../body/seat.ts";
import type { FairYield } from "../fair-yield.ts";
import { framingFault } from "../framing.ts";
import { type MediaType, mediaTypeOf, mediaTypesOf } from "../media-type.ts";
import type { KeyQuota } from "../quota/key-quota.ts";
import { type Problem, respondProblem } from "../respond.ts";
import { createAdmit } from "./admit.ts";
import { ingestBatch } from "./batch.ts";
import { bodyProblem, connectionEnded } from "./body-problem.ts";
import { createIdempotency } from "./idempotency.ts";
import { idempotencyKeyOf, idsFrom } from "./idempotency-key.ts";
import type { IngestLimits, IngestPorts } from "./ports.ts";
import { isOneEvent, readForm } from "./read.ts";
import { wantsRepresentation } from "./representation.ts";
import { traceContextIn, tracedIngest } from "./request-trace.ts";
import { ingestSingle } from "./single.ts";
import { createStore, quotaProblem } from "./store.ts";

/** Handles one POST: a single event or a batch, or batches only. */
export type Ingest = (request: Request, requestId: string, batchOnly: boolean) => Response | Promise<Response>;

/** Reads the rest of a body, a piece a turn: of 4 MiB no other request waits longer than for one of 64 KiB. */
const inTurns = async <T>(pieces: Pieces<T>, fairYield: FairYield): Promise<T> => {
  for (;;) {
    await fairYield.own();
    const piece = pieces.next();
    if (piece.done) return piece.value;
  }
};

/**
 * Reading a body of this size takes a tenth of a millisecond. Dozens that arrive together are read one a turn, so that
 * the answer to an append does not wait for all of them.
 */
const LARGE_BYTES = 8 * 1024;

const mediaTypeProblem = ({ code, detail }: Exclude<MediaType, { kind: "ok" }>, batchOnly: boolean): Problem => ({
  code,
  detail,
  headers: { "accept-post": mediaTypesOf(batchOnly).join(", ") },
});

/** Whether what was read has a part of the body's bytes that goes on. */
const holdsBytes = (read: ReadBody): boolean =>
  read.kind === "ok" || (read.kind === "single" && read.event.kind === "ok");

/** A request whose headers are all right: what is left of it for its body. */
type Received = {
  readonly headers: Headers;
  readonly requestId: string;
  readonly batchOnly: boolean;
  readonly media: Extract<MediaType, { kind: "ok" }>;
  /** Whose key it came with. */
  readonly name: string;
  readonly idempotencyKey: string | null;
  /** How durable its events have to be at least. */
  readonly durability: Durability | undefined;
  /** Of the key; undefined: it may send as much as it likes. */
  readonly quota: KeyQuota | undefined;
  /** The traceparent of its span, where it has one: events without a context of their own continue it. */
  readonly within?: string;
};

const notABatch: Problem = { code: "not_a_batch", detail: 'a batch is a JSON array or {"events":[…]}' };

const malformedProblem = ({ code, detail }: Malformed, { batchEventsMax }: IngestLimits): Problem =>
  code === "batch_too_large" ? { code, detail, members: { limit: batchEventsMax } } : { code, detail };

/** Whether others have their turn between two events of a batch, as far as checking them has taken long. */
const giveWay =
  ({ schemas, fairYield }: IngestPorts) =>
  (): Promise<void> | undefined =>
    schemas?.isTurnOver() ? fairYield.own() : undefined;

/** The cheap checks come first: a body is read only for somebody who may send it, in a form that can be read. */
export const createIngest = (ports: IngestPorts, limits: IngestLimits): Ingest => {
  const { clock, newId, senderOf, sources, durabilities, fairYield, quotas } = ports;
  const admit = createAdmit(ports, limits);
  const budget = new BodyBudget(limits.bodiesBytesMax);
  const seats = new Seats(ports.collectGarbage);
  const readBody = createBodyReader(ports, limits);
  const idempotency = createIdempotency(ports, limits.dedupWindowSeconds * 1_000);

  const readBytes = (
    { headers, media, name, idempotencyKey, within }: Received,
    bytes: Uint8Array,
  ): ReadBody | Promise<ReadBody> => {
    const source = sources.defaultOf(name);
    const { traceparent, tracestate } = traceContextIn(headers, within);
    const newEventId = idempotencyKey === null ? newId : idsFrom(idempotencyKey);
    const defaults = { source, nowMs: clock.wallMs(), newId: newEventId, traceparent, tracestate };
    const { contentType } = media;
    const pieces = readForm(media.form, { headers, contentType, bytes }, defaults, limits);
    const first = pieces.next();
    return first.done ? first.value : inTurns(pieces, fairYield);
  };

  const answer = (
    { headers, name, requestId, batchOnly, durability, quota, within }: Received,
    read: ReadBody,
    bodyEndedAtMs: number,
  ): Response | Promise<Response> => {
    if (read.kind === "malformed") return respondProblem(malformedProblem(read, limits), requestId);
    const store = createStore(ports.committer, quota, bodyEndedAtMs, within);
    if (read.kind === "ok") {
      const admitted = (event: ReadEvent) => admit(event, name, durability);
      return ingestBatch(read.events, admitted, store, requestId, wantsRepresentation(headers), giveWay(ports));
    }
    if (batchOnly) return respondProblem(notABatch, requestId);
    return ingestSingle(admit(read.event, name, durability), store, limits, requestId);
  };

  const ingestBody = async (request: Request, received: Received): Promise<Response> => {
    const { requestId, name, media, headers, quota } = received;
    const declaredBytes = Number(headers.get("content-length") ?? 0);
    if (quota?.enter(declaredBytes) === false) return respondProblem(quotaProblem(quota), requestId);
    const share = new Share(budget, name);
    const seat = new Seat(seats);
    try {
      const body = await readBody(request, share, seat, (beginning) => isOneEvent(media.form, beginning));
      if (body.kind === "refused") return respondProblem(bodyProblem(body.code, ports.committer, limits), requestId);
      const endedAtMs = clock.monotonicMs() - (body.unfoldMs ?? 0);
      quota?.unfolded(body.bytes.length - declaredBytes);
      // The server may find only behind the body that it refuses the request, and ends the connection then.
      await (body.bytes.length >= LARGE_BYTES ? fairYield.own() : fairYield.next());
      if (request.signal.aborted) return respondProblem(connectionEnded, requestId);
      return await idempotency.once(received, body.bytes, async () => {
        const read = await readBytes(received, body.bytes);
        seat.leave(holdsBytes(read));
        return answer(received, read, endedAtMs);
      });
    } finally {
      seat.leave(false);
      share.release();
    }
  };

  const ingestReceived = ports.traces ? tracedIngest(ingestBody, ports.traces) : ingestBody;

  return (request, requestId, batchOnly) => {
    const { headers } = request;
    const sender = senderOf(request);
    if ("code" in sender) return respondProblem(sender, requestId);
    const { name, isPage } = sender;
    const fault = framingFault(headers);
    if (fault !== null) return respondProblem(fault, requestId);
    const media = mediaTypeOf(headers, batchOnly, isPage);
    if (media.kind === "refused") return respondProblem(mediaTypeProblem(media, batchOnly), requestId);
    const idempotencyKey = idempotencyKeyOf(headers.get("idempotency-key"));
    if (typeof idempotencyKey === "object" && idempotencyKey !== null) return respondProblem(idempotencyKey, requestId);
    const durability = durabilities.ofRequest(headers.get(HEADER), name);
    if (typeof durability === "object") return respondProblem(durability, requestId);
    const quota = quotas?.of(name);
    return ingestReceived(request, { headers, requestId, batchOnly, media, name, idempotencyKey, durability, quota });
  };
};
