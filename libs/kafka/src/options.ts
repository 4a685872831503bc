import { type Log, silentLog } from "@spillway/telemetry";
import { availableCompression, type Compression } from "./compression.ts";
import type { KafkaConnection } from "./connection.ts";

export type KafkaSinkOptions = {
  readonly connection: KafkaConnection;
  /** `zstd` by default: see `compression.ts`. */
  readonly compression?: Compression;
  /** Fields never hold a key, a value or a secret. */
  readonly log?: Log;
  readonly deadlines?: Partial<Deadlines>;
};

/** Milliseconds. The defaults are right for a broker with its own defaults; tests shorten them. */
type Deadlines = {
  /** TCP, TLS, SASL and the first metadata of a new connection. */
  readonly connectMs: number;
  /** How long the leader waits for the other replicas. Longer than broker.session.timeout.ms (9 s). */
  readonly acksMs: number;
  /** How long the answer to one request may take. Longer than `acksMs`. */
  readonly requestMs: number;
  /** One `publish`, connecting and waiting for its turn included. */
  readonly publishMs: number;
  /** How long a close waits for requests under way. */
  readonly closeMs: number;
};

const defaultDeadlines: Deadlines = {
  connectMs: 5_000,
  acksMs: 12_000,
  requestMs: 14_000,
  publishMs: 20_000,
  closeMs: 5_000,
};

/** The options with what the absent ones mean. */
export type KafkaSettings = Required<Omit<KafkaSinkOptions, "deadlines">> & { readonly deadlines: Deadlines };

export const settingsOf = (options: KafkaSinkOptions): KafkaSettings => {
  const { connection, compression = "zstd", log = silentLog, deadlines } = options;
  const available = availableCompression(compression);
  return { connection, compression: available, log, deadlines: { ...defaultDeadlines, ...deadlines } };
};
