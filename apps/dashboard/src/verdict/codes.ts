/** What a code of Kafka's or of ours means for a topic, and what to do. What has no row is told as it is. */
export const codeWords: Readonly<Record<string, readonly [says: string, next: string]>> = {
  unknown_topic_or_partition: [
    "it does not exist",
    "Create it in Kafka, or correct KAFKA_TOPIC or KAFKA_TOPIC_ROUTES of the relays; then it goes on by itself",
  ],
  topic_authorization_failed: [
    "the relay may not write to it",
    "Give the relay's user the right to write to it and to describe it; then it goes on by itself",
  ],
  cluster_authorization_failed: [
    "the relay may not write to this cluster",
    "Give the relay's user the right to write; then it goes on by itself",
  ],
  sasl_authentication_failed: [
    "the relay cannot log in",
    "Correct KAFKA_SASL_USERNAME or KAFKA_SASL_PASSWORD of the relays",
  ],
  tls_failed: [
    "its certificate is not trusted",
    "Correct KAFKA_TLS_CA_FILE of the relays, or the brokers' certificates",
  ],
  leader_not_available: ["no broker leads it", "Start the broker that has it; then it goes on by itself"],
  not_enough_replicas: [
    "too few of its replicas are there",
    "Start the brokers that are missing, or lower min.insync.replicas; then it goes on by itself",
  ],
  parking_full: [
    "as many of its events are parked as may be",
    "Mend the topic, or raise PARKED_EVENTS_MAX or PARKED_BYTES_MAX of the relays",
  ],
};

export const saysOf = (code: string): string => codeWords[code]?.[0] ?? code.replaceAll("_", " ");
export const nextOf = (code: string): string =>
  codeWords[code]?.[1] ?? "Nothing to do if it passes; else the broker's log says more. It goes on by itself";
