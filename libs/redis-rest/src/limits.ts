/** What a request counts for beside its body; it bounds the number of requests without one. */
export const REQUEST_BYTES = 1024;

export type Limits = {
  /** Bytes of one request body. */
  readonly bodyBytesMax: number;
  /** Milliseconds a client may take to send its body. */
  readonly bodyMsMax: number;
  /** Commands of one pipeline or transaction. */
  readonly commandsMax: number;
  /** Bytes of all requests in hand; a body of undeclared length counts as `bodyBytesMax`. */
  readonly inflightBytesMax: number;
  /** Milliseconds that Redis may take to reply. */
  readonly replyMsMax: number;
};

export const defaultLimits: Limits = {
  bodyBytesMax: 10 * 1024 * 1024,
  bodyMsMax: 10_000,
  commandsMax: 10_000,
  inflightBytesMax: 256 * 1024 * 1024,
  replyMsMax: 2_000,
};
