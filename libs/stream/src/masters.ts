import { Cluster, type Redis } from "ioredis";
import type { Client } from "./connection.ts";
import { isRewriting, type Judged, judgeSettings, settingNames, settingsOf } from "./settings.ts";

const mastersOf = (client: Client): readonly Redis[] => (client instanceof Cluster ? client.nodes("master") : [client]);

/** An error reply (no right to CONFIG, unknown command) means unknown; a broken connection is no answer at all. */
const orNull = async <T>(reply: Promise<T>): Promise<T | null> => {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof Error && error.name === "ReplyError") return null;
    throw error;
  }
};

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)];

/** What the settings of all masters are worth together: the weakest decides, since some shard is on it. */
export const judgeMasters = async (client: Client): Promise<Judged> => {
  const judged = await Promise.all(
    mastersOf(client).map(async (master) => {
      const [config, info] = await Promise.all([
        orNull(master.call("config", "GET", ...settingNames)),
        orNull(master.call("info", "persistence")),
      ]);
      return judgeSettings(settingsOf(config), isRewriting(info));
    }),
  );
  const promises = judged.map(({ promise }) => promise);
  const worst = (["broken", "mending", "unknown"] as const).flatMap((bad) =>
    promises.filter(({ state }) => state === bad),
  );
  return {
    warnings: unique(judged.flatMap(({ warnings }) => warnings)),
    unknown: unique(judged.flatMap(({ unknown }) => unknown)),
    promise: worst[0] ?? { state: "kept" },
  };
};
