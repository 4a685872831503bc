import { execFileSync } from "node:child_process";

/** A certificate for localhost that nobody vouches for, which is what whoever sits in the middle can show, too. */
export const selfSign = (certificate: string, key: string): void => {
  const files = ["-keyout", key, "-out", certificate];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "1"];
  execFileSync("/usr/bin/openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...files, ...subject], {
    stdio: "ignore",
  });
};
