import { isRewriting, type Judged, judgeSettings, settingNames, settingsOf } from "./settings.ts";
import { type Reply, resultOf, type Transport } from "./transport.ts";

/** With these a server says that it does not tell; any other code is that of no answer, or of one that is no reply. */
const untellingCodes: ReadonlySet<string> = new Set(["forbidden", "unknown_command", "redis_error"]);

/** What the server told, undefined when it says that it does not. Throws `Unavailable` when it was not to be heard. */
const toldBy = (reply: Reply | undefined): unknown => {
  if (reply?.kind === "error" && untellingCodes.has(reply.code)) return undefined;
  return resultOf(reply);
};

/** What the settings of all masters are worth together: the weakest decides, since some shard is on it. Rejects with `Unavailable`. */
export const askSettings = async (transport: Transport, deadlineMs: number): Promise<Judged> => {
  const [config, info] = await transport.send(
    [
      ["config", "get", ...settingNames],
      ["info", "persistence"],
    ],
    deadlineMs,
  );
  return judgeSettings(settingsOf(toldBy(config)), isRewriting(toldBy(info)));
};
