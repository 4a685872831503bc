/* Without an import: runtimes without node:crypto load this, too, and never call it. */
type Crypto = {
  readonly X509Certificate: new (pem: string) => unknown;
  createPrivateKey(options: { readonly key: string; readonly passphrase?: string | undefined }): unknown;
};
type Process = { getBuiltinModule(name: "node:crypto"): Crypto };

const crypto = (): Crypto => (globalThis as unknown as { process: Process }).process.getBuiltinModule("node:crypto");

const certificate = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]+-----END \1-----/g;

const canBe = (read: () => unknown): boolean => {
  try {
    read();
    return true;
  } catch {
    return false;
  }
};

/** Whether a text holds a certificate that can be read; a bundle may hold others. TLS takes a text without any in silence. */
export const holdsCertificate = (text: string): boolean => {
  const { X509Certificate } = crypto();
  return (text.match(certificate) ?? []).some((pem) => canBe(() => new X509Certificate(pem)));
};

/** Whether a text holds a private key, which this passphrase opens. */
export const holdsPrivateKey = (text: string, passphrase?: string): boolean =>
  canBe(() => crypto().createPrivateKey({ key: text, passphrase }));
