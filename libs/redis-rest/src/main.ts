import { ConfigError, readConfig } from "./config.ts";
import { createRedisRest } from "./server.ts";

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const rest = await createRedisRest({ ...readConfig(), log: say });
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    rest.stop().then(() => process.exit(0));
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  say(`redis-rest: listening on ${rest.url}`);
}

main().catch((error: unknown) => {
  process.stderr.write(`redis-rest: ${error instanceof ConfigError ? error.message : String(error)}\n`);
  process.exit(1);
});
