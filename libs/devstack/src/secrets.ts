import { randomBytes } from "node:crypto";
import { readJson, replaceFile } from "./file.ts";

const SECRET_BYTES = 24;

/** Random, made at the first start and kept: a key in somebody's shell history goes on working. */
export const openSecrets = async (file: string) => {
  const kept = await readJson<Readonly<Record<string, string>>>(file);
  const secret = () => randomBytes(SECRET_BYTES).toString("hex");
  const secrets = {
    apiKey: kept?.apiKey ?? `spw_${secret()}`,
    dashboardPassword: kept?.dashboardPassword ?? secret(),
    redisRestToken: kept?.redisRestToken ?? secret(),
  };
  await replaceFile(file, `${JSON.stringify(secrets, null, 2)}\n`);
  return secrets;
};

export type Secrets = Awaited<ReturnType<typeof openSecrets>>;
