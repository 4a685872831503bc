import { systemClock } from "@spillway/event";
import { Redis } from "ioredis";
import type { Services } from "./world.ts";

/** Commands by who sent them, and by their names. */
export type Commands = Readonly<Record<"edge" | "relay" | "dashboard", Readonly<Record<string, number>>>>;

export const sumOf = (commands: Readonly<Record<string, number>>): number =>
  Object.values(commands).reduce((sum, each) => sum + each, 0);

/** Names that our apps give their connections; an edge's, over HTTP, are the REST server's. */
const senderOf = (name: string): keyof Commands => {
  if (name.startsWith("spillway-relay")) return "relay";
  return name === "dashboard" ? "dashboard" : "edge";
};

/** By address. */
const sendersOf = (list: string): Map<string, keyof Commands> =>
  new Map(
    [...list.matchAll(/ addr=(\S+) .*? name=(\S*) /g)].map(([, address = "", name = ""]) => [address, senderOf(name)]),
  );

/** How often the server was asked for settings: MONITOR shows no command of administrators. */
const configsOf = async (client: Redis): Promise<number> =>
  Number(/cmdstat_config\|get:calls=(\d+)/.exec(await client.info("commandstats"))?.[1] ?? 0);

/**
 * Commands that clients send within the time; those of scripts are none. `config` goes with an `info` each time (judge.ts), which is
 * how it is known who asked.
 */
export const commandsWithin = async ({ redis }: Pick<Services, "redis">, ms: number): Promise<Commands> => {
  const client = new Redis(redis.url, { connectionName: "observer" });
  const configs = await configsOf(client);
  const monitor = await client.monitor();
  const seen: { readonly name: string; readonly address: string }[] = [];
  monitor.on("monitor", (_at: string, [name = ""]: readonly string[], source: string) => {
    if (source !== "lua" && name !== "client") seen.push({ name: name.toLowerCase(), address: source });
  });
  await systemClock.sleep(ms);
  monitor.disconnect();
  const asked = (await configsOf(client)) - configs;
  const senders = sendersOf((await client.client("LIST")) as string);
  client.disconnect();
  const commands: Record<keyof Commands, Record<string, number>> = { edge: {}, relay: {}, dashboard: {} };
  for (const { name, address } of seen) {
    const sender = commands[senders.get(address) ?? "edge"];
    sender[name] = (sender[name] ?? 0) + 1;
  }
  for (const sender of Object.values(commands)) if (sender.info) sender.config = sender.info;
  const told = Object.values(commands).reduce((sum, { config = 0 }) => sum + config, 0);
  // One may be cut in two at either end.
  if (Math.abs(told - asked) > 2) throw new Error(`${asked} of CONFIG GET, and ${told} of INFO beside them`);
  return commands;
};
