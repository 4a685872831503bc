/** How to reach a Kafka cluster; the same for both sinks. */
export type KafkaConnection = {
  /** `host:port` or `[::1]:port`, at least one. */
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

const broker = /^(?:\[[0-9a-f:.]+\]|[^\s:/[\]]+):\d{1,5}$/i;

/** Throws `RangeError` for a list that a client would misread: kafkajs splits at the first colon and takes what it gets. */
export const checkBrokers = (brokers: readonly string[]): void => {
  if (brokers.length === 0) throw new RangeError("at least one broker is needed");
  for (const address of brokers) {
    if (!broker.test(address)) throw new RangeError(`"${address}" is not a broker: write host:port`);
  }
};

/** As kafkajs can split it: it knows no `[::1]:9092`. `hostOfSeed` undoes it where the socket is opened. */
export const seedOf = (address: string): string =>
  address.replace(/^\[(.*)\]/, (_, host: string) => host.replaceAll(":", "%3A"));

export const hostOfSeed = (host: string): string => host.replaceAll("%3A", ":");

/** The brokers from another start: a client that replaces one in doubt must not knock at the same frozen door first. */
export const rotated = (brokers: readonly string[], turn: number): string[] => {
  const start = turn % brokers.length;
  return [...brokers.slice(start), ...brokers.slice(0, start)];
};
