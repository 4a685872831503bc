import {
  type Durability,
  type EventFault,
  type InvalidEvent,
  type ReadEvent,
  type SealedEvent,
  sealEvent,
} from "@spillway/event";
import type { Fault } from "@spillway/schemas";
import type { IngestLimits, IngestPorts } from "./ports.ts";

/** An event that will never be stored as it is: what it is breaks a rule, or its key may not send it. */
export type NotAdmitted = Omit<InvalidEvent, "code" | "more"> & {
  readonly code: AdmissionCode;
  readonly more?: readonly AdmissionFault[];
};

type AdmissionCode = InvalidEvent["code"] | "source_forbidden" | "schema_violation";
type AdmissionFault = Omit<EventFault, "code"> & { readonly code: AdmissionCode };

/** `warnings`: what is wrong with data that is taken all the same. */
export type AdmittedEvent =
  | { readonly kind: "ok"; readonly sealed: SealedEvent; readonly warnings?: readonly AdmissionFault[] }
  | NotAdmitted;

const violation = ({ pointer, detail }: Fault): AdmissionFault => ({ code: "schema_violation", detail, pointer });

/** Seals the events that the key of this name may send. */
export const createAdmit = (
  { sources, durabilities, platform, schemas, onInvalid }: IngestPorts,
  { shards }: IngestLimits,
) => {
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
    const verdict = schemas?.of(attributes.type, bytes) ?? null;
    const faults = verdict?.faults.map(violation) ?? [];
    const [first, ...more] = faults;
    if (verdict?.isRefused && first !== undefined) return notAdmitted({ id: attributes.id, ...first, more });
    const sealed = sealEvent(attributes, bytes, shards, platform, name);
    const durability = durabilities.ofEvent(attributes.type, asked);
    const durable = durability === undefined ? sealed : { ...sealed, durability };
    return first === undefined ? { kind: "ok", sealed: durable } : { kind: "ok", sealed: durable, warnings: faults };
  };
};
