import { type Durability, type InvalidEvent, type ReadEvent, type SealedEvent, sealEvent } from "@spillway/event";
import type { IngestLimits, IngestPorts } from "./ports.ts";

/** An event that will never be stored as it is: what it is breaks a rule, or its key may not send it. */
export type NotAdmitted = Omit<InvalidEvent, "code"> & {
  readonly code: InvalidEvent["code"] | "source_forbidden";
};

export type AdmittedEvent = { readonly kind: "ok"; readonly sealed: SealedEvent } | NotAdmitted;

/** Seals the events that the key of this name may send. */
export const createAdmit = ({ sources, durabilities, platform, onInvalid }: IngestPorts, { shards }: IngestLimits) => {
  const notAdmitted = (event: Omit<NotAdmitted, "kind">): NotAdmitted => {
    onInvalid(event.code);
    return { ...event, kind: "invalid" };
  };
  /** `asked`: how durable by the request it has to be. */
  return (event: ReadEvent, name: string, asked: Durability | undefined): AdmittedEvent => {
    if (event.kind === "invalid") return notAdmitted(event);
    const { attributes, bytes } = event;
    const detail = sources.refusal(name, attributes.source);
    if (detail !== null)
      return notAdmitted({ id: attributes.id, code: "source_forbidden", detail, pointer: "/source" });
    const sealed = sealEvent(attributes, bytes, shards, platform, name);
    const durability = durabilities.ofEvent(attributes.type, asked);
    return { kind: "ok", sealed: durability === undefined ? sealed : { ...sealed, durability } };
  };
};
