/** The context attributes of a CloudEvents 1.0 event that Spillway looks at; everything else stays in the bytes. */
export type Attributes = {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** The CloudEvents extension `partitionkey`, else `subject`, else null. Keeps order; becomes the Kafka record key. */
  readonly partitionKey: string | null;
  readonly traceparent: string | null;
};
