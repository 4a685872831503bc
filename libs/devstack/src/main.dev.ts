import { NotProvided, NotReady } from "@spillway/backends";
import { ConfigError } from "@spillway/service";
import { readConfig } from "./config.ts";
import { Devstack, type SayAs } from "./devstack.ts";
import { onInterrupt } from "./interrupt.ts";
import { layoutOf, makeLayout } from "./layout.ts";
import { takeTurn } from "./turn.ts";

const say: SayAs = (name) => (line) => console.log(`[${name}] ${line}`);

const main = async (): Promise<void> => {
  const config = readConfig();
  const layout = layoutOf(config.root);
  await makeLayout(layout);
  const attempt = await takeTurn(layout, "devstack", () => say("devstack")("waiting for another one to start or stop"));
  if (attempt.kind === "taken") {
    say("devstack")(`already runs as pid ${attempt.by?.pid}: its addresses are in ${layout.devEnv}`);
    return;
  }
  const stack = new Devstack(config, attempt.lock, say);
  await onInterrupt(async (reason) => {
    say("devstack")(`stopping (${reason})`);
    await stack.stop();
    process.exit(0);
  });
  try {
    await stack.start();
    say("devstack")(`every service is ready; addresses, keys and pids are in ${layout.devEnv}`);
  } catch (error) {
    await stack.stop();
    throw error;
  }
};

main().catch((error) => {
  // What a person can act on is said plainly; anything else with its stack.
  const isPlain = error instanceof NotProvided || error instanceof ConfigError || error instanceof NotReady;
  console.error(isPlain ? `\n${error.message}\n` : error);
  process.exit(1);
});
