import type { Say } from "@spillway/backends";
import type { ProcessName } from "./dev-env.ts";

/** Says a line to the person who started this, in the name of one of the processes or of the devstack. */
export const sayAs =
  (name: ProcessName | "devstack" | "observe"): Say =>
  (line) =>
    console.log(`[${name}] ${line}`);
