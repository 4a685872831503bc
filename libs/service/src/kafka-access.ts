import { holdsCertificate, holdsPrivateKey } from "./pem.ts";
import { redacted } from "./redacted.ts";
import { secretText } from "./secret.ts";
import { matching, oneOf, optional, withDefault } from "./setting.ts";
import { ConfigError, type Values } from "./settings.ts";

const file = optional(matching(/./, "the path of a readable PEM file"));

/** How Kafka is reached, beside where. */
export const kafkaAccessSettings = () => ({
  KAFKA_TLS: withDefault(oneOf("off", "on"), "off"),
  KAFKA_TLS_CA_FILE: file,
  KAFKA_TLS_CERT_FILE: file,
  KAFKA_TLS_KEY_FILE: file,
  KAFKA_SASL_MECHANISM: optional(oneOf("plain", "scram-sha-256", "scram-sha-512")),
  KAFKA_SASL_USERNAME: optional(matching(/./, "a user's name")),
  KAFKA_SASL_PASSWORD: optional(secretText("a password")),
});

type Variables = Values<ReturnType<typeof kafkaAccessSettings>>;

/** PEM texts. */
type Tls = { readonly ca?: string; readonly cert?: string; readonly key?: string };
type Sasl = { readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512"; username: string; password: string };

export type KafkaAccess = { readonly tls: Tls | undefined; readonly sasl: Sasl | undefined };

const TLS_FILES = { ca: "KAFKA_TLS_CA_FILE", cert: "KAFKA_TLS_CERT_FILE", key: "KAFKA_TLS_KEY_FILE" } as const;

const textOf = (path: string, readFile: (path: string) => string): string | null => {
  try {
    return readFile(path);
  } catch {
    return null;
  }
};

const tlsOf = (values: Variables, readFile: (path: string) => string): Tls | undefined => {
  const given = Object.values(TLS_FILES).find((name) => values[name] !== undefined);
  if (values.KAFKA_TLS === "off") {
    if (given) throw new ConfigError([`${given}: got a file; accepts nothing unless KAFKA_TLS is on`]);
    return undefined;
  }
  const tls: { ca?: string; cert?: string; key?: string } = {};
  for (const [part, name] of Object.entries(TLS_FILES) as [keyof Tls, keyof Variables][]) {
    const path = values[name];
    if (path === undefined) continue;
    const text = textOf(String(path), readFile);
    if (text === null || !(part === "key" ? holdsPrivateKey(text) : holdsCertificate(text)))
      throw new ConfigError([
        `${name}: got ${JSON.stringify(redacted(String(path)))}; accepts the path of a readable PEM file with a ${part === "key" ? "private key without a passphrase" : "certificate"}`,
      ]);
    tls[part] = text;
  }
  if ((tls.cert === undefined) !== (tls.key === undefined))
    throw new ConfigError(["KAFKA_TLS_CERT_FILE and KAFKA_TLS_KEY_FILE: got one of them; accepts both or none"]);
  return tls;
};

const saslOf = (values: Variables): Sasl | undefined => {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = values;
  if (mechanism === undefined && username === undefined && password === undefined) return undefined;
  if (mechanism !== undefined && username !== undefined && password !== undefined)
    return { mechanism, username, password };
  throw new ConfigError([
    "KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD: got some of them; accepts all or none",
  ]);
};

/** Throws `ConfigError`. */
export const kafkaAccessOf = (values: Variables, readFile: (path: string) => string): KafkaAccess => ({
  tls: tlsOf(values, readFile),
  sasl: saslOf(values),
});
