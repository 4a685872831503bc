import { configOrExit, guardCrashes, guardOutput, refuse, watchSignals } from "@spillway/service/bun";
import { readConfig } from "./config.ts";
import { createRedisRest } from "./server.ts";

const say = (line: string) => void process.stdout.write(`redis-rest: ${line}\n`);

guardOutput();
guardCrashes(({ error, code, at }) => say(`crashed: ${error} ${code ?? ""} ${at}`));
const config = configOrExit(() => readConfig(process.env));
const rest = await createRedisRest({ ...config, log: (line) => void process.stdout.write(`${line}\n`) }).catch(
  (error: unknown) => refuse(error instanceof Error ? error.message : String(error)),
);
const { stopping } = watchSignals(() => say("stopping"));
say(`listening on ${rest.url}`);
stopping.addEventListener("abort", async () => {
  await rest.stop();
  process.exit(0);
});
