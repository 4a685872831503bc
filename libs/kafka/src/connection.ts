/** How to reach a Kafka cluster. */
export type KafkaConnection = {
  /** `host:port` or `[::1]:port`, at least one. Whoever reads them checks them: kafkajs takes what it gets. */
  readonly brokers: readonly string[];
  /** Shown in the broker's logs and quotas. */
  readonly clientId: string;
  /** PEM texts. Certificates are always checked; a private authority goes into `ca`. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly sasl?: {
    readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
    readonly username: string;
    readonly password: string;
  };
};

/** As kafkajs can split it: it knows no `[::1]:9092`. `hostOfSeed` undoes it where the socket is opened. */
export const seedOf = (address: string): string =>
  address.replace(/^\[(.*)\]/, (_, host: string) => host.replaceAll(":", "%3A"));

export const hostOfSeed = (host: string): string => host.replaceAll("%3A", ":");

export type Address = { readonly host: string; readonly port: number };

export const addressOf = (broker: string): Address => {
  const colon = broker.lastIndexOf(":");
  return { host: broker.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(broker.slice(colon + 1)) };
};

export const nameOf = ({ host, port }: Address): string => `${host}:${port}`;

/** The brokers, each time from another start: a client that replaces one in doubt must not knock at the same frozen door first. */
export const rotating = <Broker>(brokers: readonly Broker[]): (() => readonly Broker[]) => {
  let start = 0;
  return () => {
    const at = start++ % brokers.length;
    return [...brokers.slice(at), ...brokers.slice(0, at)];
  };
};
