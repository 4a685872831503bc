import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type Kafka, startKafka } from "@spillway/backends";
import { type AclEntry, AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from "kafkajs";
import { provide } from "./debian.ts";
import { askBroker } from "./fresh-topic.ts";

/** A broker with one listener for each way in: plain, SASL and TLS. Only the user of SASL needs permissions. */
export type SecuredBroker = {
  readonly kafka: Kafka;
  readonly plain: string;
  readonly sasl: string;
  readonly tls: string;
  /** PEM of the broker's self-signed certificate. */
  readonly certificate: string;
  readonly user: { readonly username: string; readonly password: string };
  allow(topic: string, operation: "WRITE" | "DESCRIBE"): Promise<void>;
  forbid(topic: string): Promise<void>;
  stop(): Promise<void>;
};

const KEYSTORE_PASSWORD = "keystore-password";
const user = { username: "alice", password: "alice-s3cr3t" };

const keytool = (folder: string, args: readonly string[]): string => {
  const store = ["-keystore", join(folder, "broker.p12"), "-storepass", KEYSTORE_PASSWORD, "-alias", "broker"];
  const made = Bun.spawnSync(["keytool", ...args, ...store], { stdout: "pipe", stderr: "pipe" });
  if (!made.success) throw new Error(`keytool: ${made.stdout}${made.stderr}`);
  return made.stdout.toString();
};

/** A self-signed certificate for loopback, made with what every Java runtime has. */
const makeCertificate = async (folder: string): Promise<string> => {
  const isThere = () => Bun.which("keytool") !== null;
  await provide({ isThere, packages: ["default-jre-headless"], otherwise: "brew install openjdk" });
  const names = ["-dname", "CN=localhost", "-ext", "san=ip:127.0.0.1,dns:localhost", "-validity", "30"];
  keytool(folder, ["-genkeypair", "-keyalg", "RSA", "-keysize", "2048", "-storetype", "PKCS12", ...names]);
  return keytool(folder, ["-exportcert", "-rfc"]);
};

type Ports = Readonly<Record<"plain" | "controller" | "sasl" | "tls", number>>;

const settingsOf = (ports: Ports, folder: string): Record<string, string> => {
  const modules = "org.apache.kafka.common.security";
  const scram = `${modules}.scram.ScramLoginModule required;`;
  const plain = `${modules}.plain.PlainLoginModule required user_${user.username}="${user.password}";`;
  const at = (name: string, port: number) => `${name}://127.0.0.1:${port}`;
  const open = [at("PLAINTEXT", ports.plain), at("SASL", ports.sasl), at("TLS", ports.tls)];
  return {
    "controller.quorum.voters": `1@127.0.0.1:${ports.controller}`,
    listeners: [...open, at("CONTROLLER", ports.controller)].join(","),
    "advertised.listeners": open.join(","),
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SSL",
    "inter.broker.listener.name": "PLAINTEXT",
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
    "listener.name.sasl.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
    "listener.name.sasl.plain.sasl.jaas.config": plain,
    "listener.name.sasl.scram-sha-512.sasl.jaas.config": scram,
    "listener.name.tls.ssl.keystore.type": "PKCS12",
    "listener.name.tls.ssl.keystore.location": join(folder, "broker.p12"),
    "listener.name.tls.ssl.keystore.password": KEYSTORE_PASSWORD,
    "listener.name.tls.ssl.key.password": KEYSTORE_PASSWORD,
  };
};

const entry = (topic: string, operation: AclOperationTypes): AclEntry => ({
  principal: `User:${user.username}`,
  host: "*",
  operation,
  permissionType: AclPermissionTypes.ALLOW,
  resourceType: AclResourceTypes.TOPIC,
  resourceName: topic,
  resourcePatternType: ResourcePatternTypes.LITERAL,
});

export const startSecuredBroker = async (): Promise<SecuredBroker> => {
  const folder = mkdtempSync(join(tmpdir(), "spillway-tls-"));
  const certificate = await makeCertificate(folder);
  const ports = {
    plain: await freePort(),
    controller: await freePort(),
    sasl: await freePort(),
    tls: await freePort(),
  };
  const kafka = await startKafka({ port: ports.plain, settings: settingsOf(ports, folder) });
  const plain = `127.0.0.1:${ports.plain}`;
  return {
    kafka,
    plain,
    sasl: `127.0.0.1:${ports.sasl}`,
    tls: `127.0.0.1:${ports.tls}`,
    certificate,
    user,
    allow: async (topic, operation) => {
      await askBroker(plain, (admin) => admin.createAcls({ acl: [entry(topic, AclOperationTypes[operation])] }));
    },
    forbid: async (topic) => {
      await askBroker(plain, (admin) => admin.deleteAcls({ filters: [entry(topic, AclOperationTypes.ANY)] }));
    },
    stop: async () => {
      await kafka.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
