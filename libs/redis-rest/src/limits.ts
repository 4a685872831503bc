/** What a request counts for beside its body; it bounds the number of requests without one. */
export const REQUEST_BYTES = 1024;

export const defaultLimits = {
  /** Bytes of one request body. */
  bodyBytesMax: 10 * 1024 * 1024,
  /** Milliseconds a client may take to send its body. */
  bodyMsMax: 10_000,
  /** Commands of one pipeline or transaction. */
  commandsMax: 10_000,
  /** Bytes of all requests in hand; a body of undeclared length counts as `bodyBytesMax`. */
  inflightBytesMax: 256 * 1024 * 1024,
  /** Milliseconds that Redis may take to reply. */
  replyMsMax: 2_000,
};

export type Limits = Readonly<typeof defaultLimits>;
