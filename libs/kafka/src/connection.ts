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

const broker = /^[^\s:/]+:\d{1,5}$/;

/** Throws `RangeError` for a list that kafkajs would misread: it splits at the first colon and takes what it gets. */
export const checkBrokers = (brokers: readonly string[]): void => {
  if (brokers.length === 0) throw new RangeError("at least one broker is needed");
  for (const address of brokers) {
    if (!broker.test(address)) throw new RangeError(`"${address}" is not a broker: write host:port`);
  }
};

/** The brokers from another start: a client that replaces one in doubt must not knock at the same frozen door first. */
export const rotated = (brokers: readonly string[], turn: number): string[] => {
  const start = turn % brokers.length;
  return [...brokers.slice(start), ...brokers.slice(0, start)];
};
