/** How to reach a Kafka cluster; the same for both sinks. */
export type KafkaConnection = {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[];
  /** Shown in the broker's logs and quotas. */
  readonly clientId: string;
  readonly tls?: KafkaTls;
  readonly sasl?: KafkaSasl;
};

/** PEM texts. Certificates are always checked; a private authority goes into `ca`. */
export type KafkaTls = { readonly ca?: string; readonly cert?: string; readonly key?: string };

export type KafkaSasl = {
  readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
  readonly username: string;
  readonly password: string;
};
