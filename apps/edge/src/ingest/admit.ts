import { type InvalidEvent, type ReadEvent, type SealedEvent, sealEvent } from "@spillway/event";
import type { IngestLimits, IngestPorts } from "./ports.ts";

/** An event that will never be stored as it is: what it is breaks a rule, or its key may not send it. */
export type RejectedEvent = Omit<InvalidEvent, "kind" | "code"> & {
  readonly kind: "rejected";
  readonly code: InvalidEvent["code"] | "source_forbidden";
};

export type AdmittedEvent = { readonly kind: "ok"; readonly sealed: SealedEvent } | RejectedEvent;

/** Seals the events that the key of this name may send. */
export const createAdmit = ({ sources, platform, onRejected }: IngestPorts, { shards }: IngestLimits) => {
  const reject = (event: Omit<RejectedEvent, "kind">): RejectedEvent => {
    onRejected(event.code);
    return { ...event, kind: "rejected" };
  };
  return (event: ReadEvent, name: string): AdmittedEvent => {
    if (event.kind === "invalid") return reject(event);
    const { attributes, bytes } = event;
    const detail = sources.refusal(name, attributes.source);
    if (detail !== null) return reject({ id: attributes.id, code: "source_forbidden", detail, pointer: "/source" });
    return { kind: "ok", sealed: sealEvent(attributes, bytes, shards, platform, name) };
  };
};
