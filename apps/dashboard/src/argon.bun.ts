import type { Argon } from "./passwords.ts";

/** As OWASP has it: 64 MiB, three passes. */
const OPTIONS = { algorithm: "argon2id", memoryCost: 65_536, timeCost: 3 } as const;

export const argon: Argon = {
  hash: (password) => Bun.password.hash(password, OPTIONS),
  verify: (password, hash) => Bun.password.verify(password, hash),
};
