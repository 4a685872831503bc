import type { ProcessName } from "./dev-env.ts";
import { portNear } from "./port.ts";

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

/** The same ports at every start as far as they are free, so that a bookmark and a shell's variables stay right. */
export async function choosePorts(): Promise<Ports> {
  const chosen: Record<ProcessName, number> = { ...PREFERRED };
  const taken = new Set<number>(Object.values(PREFERRED));
  for (const [name, preferred] of Object.entries(PREFERRED) as [ProcessName, number][]) {
    taken.delete(preferred);
    chosen[name] = await portNear(preferred, taken);
    taken.add(chosen[name]);
  }
  return chosen;
}
