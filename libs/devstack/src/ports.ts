import { portNear } from "@spillway/backends";
import type { ProcessName } from "./dev-env.ts";
import { readJson, replaceFile } from "./file.ts";

export type Ports = Readonly<Record<ProcessName, number>>;

const PREFERRED: Ports = {
  edge: 8787,
  relay: 8788,
  dashboard: 8789,
  redis: 6390,
  "redis-rest": 6391,
  postgres: 6392,
  kafka: 6393,
};

/** Those of the last start as far as they are free, so that a bookmark and a shell's variables stay right. */
export const choosePorts = async (file: string): Promise<Ports> => {
  const preferredPorts = { ...PREFERRED, ...(await readJson<Partial<Ports>>(file)) };
  const chosen: Record<ProcessName, number> = { ...preferredPorts };
  const taken = new Set<number>(Object.values(preferredPorts));
  for (const [name, preferred] of Object.entries(preferredPorts) as [ProcessName, number][]) {
    taken.delete(preferred);
    chosen[name] = await portNear(preferred, taken);
    taken.add(chosen[name]);
  }
  await replaceFile(file, `${JSON.stringify(chosen)}\n`);
  return chosen;
};
