import { findExecutable } from "../process/command.ts";
import { installDebianPackages } from "../provision/debian.ts";
import { NotProvided, REMEDIES } from "../provision/refusal.ts";
import type { Say } from "../provision/say.ts";

/** The path of redis-server or valkey-server; installs Debian's when there is none. Throws NotProvided. */
export const provideRedis = async (say: Say): Promise<string> => {
  const find = () => findExecutable("redis-server", "valkey-server");
  const found = await find();
  if (found) return found;
  say("no redis-server on the PATH");
  await installDebianPackages(["redis-server"], say);
  const installed = await find();
  if (installed) return installed;
  throw new NotProvided(REMEDIES.redis);
};
