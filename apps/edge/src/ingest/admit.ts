import { type InvalidEvent, type ReadEvent, type SealedEvent, sealEvent } from "@spillway/event";
import type { IngestLimits, IngestPorts } from "./ports.ts";

/** An event that will never be stored as it is: what it is breaks a rule, or its key may not send it. */
export type NotAdmitted = Omit<InvalidEvent, "code"> & {
  readonly code: InvalidEvent["code"] | "source_forbidden";
};

export type AdmittedEvent = { readonly kind: "ok"; readonly sealed: SealedEvent } | NotAdmitted;

/** Seals the events that the key of this name may send. */
export const createAdmit = ({ sources, platform, onInvalid }: IngestPorts, { shards }: IngestLimits) => {
  const notAdmitted = (event: Omit<NotAdmitted, "kind">): NotAdmitted => {
    onInvalid(event.code);
    return { ...event, kind: "invalid" };
  };
  return (event: ReadEvent, name: string): AdmittedEvent => {
    if (event.kind === "invalid") return notAdmitted(event);
    const { attributes, bytes } = event;
    const detail = sources.refusal(name, attributes.source);
    if (detail !== null)
      return notAdmitted({ id: attributes.id, code: "source_forbidden", detail, pointer: "/source" });
    return { kind: "ok", sealed: sealEvent(attributes, bytes, shards, platform, name) };
  };
};
