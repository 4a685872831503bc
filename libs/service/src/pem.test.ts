import { generateKeyPairSync } from "node:crypto";
import { rootCertificates } from "node:tls";
import { expect, test } from "vitest";
import { holdsCertificate, holdsPrivateKey } from "./pem.ts";

const [certificate = "", another = ""] = rootCertificates;
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const locked = privateKey
  .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" })
  .toString();
const noKey = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
const noCertificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const others = ["", "edge-1\n", '{"ca":"x"}', "\u0000\u0001", noKey, noCertificate];

test("a certificate is one wherever it stands in its file", () => {
  const texts = [certificate, `# a\n${certificate}\n${another}`, `${noCertificate}${certificate}`, key + certificate];
  expect(texts.map(holdsCertificate)).toEqual(texts.map(() => true));
  expect([...others, key, certificate.slice(0, 200)].filter(holdsCertificate)).toEqual([]);
});

test("a key is one that the passphrase opens", () => {
  expect([holdsPrivateKey(key), holdsPrivateKey(locked, "secret")]).toEqual([true, true]);
  expect([holdsPrivateKey(locked), holdsPrivateKey(locked, "wrong")]).toEqual([false, false]);
  expect([...others, certificate].filter((text) => holdsPrivateKey(text))).toEqual([]);
});
