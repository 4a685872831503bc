import type { BatchLimits, Clock, Platform } from "@spillway/event";
import type { Traces } from "@spillway/telemetry";
import type { createDurabilities } from "../auth/durability.ts";
import type { createKeySources } from "../auth/key-sources.ts";
import type { SenderOf } from "../auth/sender.ts";
import type { BodyLimits } from "../body/read-body.ts";
import type { Committer } from "../commit/committer.ts";
import type { FairYield } from "../fair-yield.ts";
import type { KeyQuotas } from "../quota/key-quotas.ts";
import type { SchemaJudge } from "../schemas/judge.ts";

export type IngestPorts = {
  readonly committer: Pick<Committer, "commit" | "retryAfterSeconds">;
  readonly clock: Clock;
  readonly platform: Platform;
  readonly newId: () => string;
  readonly fairYield: FairYield;
  /** Asks the runtime to collect garbage beside its other work. */
  readonly collectGarbage?: () => void;
  readonly senderOf: SenderOf;
  readonly sources: ReturnType<typeof createKeySources>;
  readonly durabilities: ReturnType<typeof createDurabilities>;
  /** Absent where no key has one. */
  readonly quotas?: Pick<KeyQuotas, "of">;
  /** Absent where no type has one. */
  readonly schemas?: SchemaJudge;
  /** Absent where nothing is traced. */
  readonly traces?: Traces;
  /** Called for events that will never be stored as they are. */
  readonly onInvalid: (code: string) => void;
};

export type IngestLimits = BatchLimits &
  BodyLimits & {
    readonly shards: number;
    /** For how long an event's id, and a request's idempotency key, is known. */
    readonly dedupWindowSeconds: number;
    /** Bytes of all bodies in hand, as they came and decompressed. */
    readonly bodiesBytesMax: number;
  };
