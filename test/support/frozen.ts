import { childrenOf, type Running } from "@spillway/backends";

/** With its children: each connection to Postgres has a process of its own, which would answer on. */
export const signalAll = async (backend: Running, signal: "SIGSTOP" | "SIGCONT"): Promise<void> => {
  for (const child of await childrenOf(backend.pid() ?? 0)) process.kill(child, signal);
  await backend.kill(signal);
};
