import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scriptCalls } from "./script-call.ts";
import { freshNamespace, type StreamServices, startStreamServices } from "./services.ts";

let services: StreamServices;
beforeAll(async () => {
  services = await startStreamServices();
});
afterAll(() => services.stop());

/** What append.lua calls once it may have added an entry, by how it finds the stream. */
const ALWAYS = ["hset", "pexpireat", "hget"] as const;
const afterXadd = {
  "a stream that is there": ALWAYS,
  "a stream that is born": [...ALWAYS, "hkeys"],
  "a stream that is born after Redis lost another": [...ALWAYS, "hkeys", "hdel"],
} as const;
const cases = Object.entries(afterXadd).flatMap(([kind, commands]) =>
  commands.map((command) => [kind, command] as const),
);

/** A client that may do all but this, as by an ACL, or where a hosted Redis refuses it for its size. */
const without = async (command: string): Promise<Redis> => {
  const user = `without-${command}`;
  await services.admin.call("ACL", "SETUSER", user, "on", "nopass", "~*", "&*", "+@all", `-${command}`);
  return new Redis(services.redis.url, { protocol: 2, username: user, password: "any" });
};

const eventsOf = (entries: readonly [string, string[]][]): number =>
  entries.reduce((sum, [, fields]) => sum + Number(fields[3]?.split(":")[0]), 0);

test.each(cases)(
  "an append to %s that fails by %s leaves no entry that nobody counted, and no id",
  async (kind, command) => {
    const namespace = freshNamespace();
    const { keys, append } = scriptCalls(services.admin, namespace);
    const { admin } = services;
    const contents = async () => ({
      entries: (await admin.xrange(keys.stream, "-", "+")) as [string, string[]][],
      isThere: await admin.exists(keys.stream),
      ids: (await Promise.all(keys.dedup.map((key) => admin.hkeys(key)))).map((ids) => ids.sort()),
      counts: await admin.hgetall(keys.count),
    });
    if (kind !== "a stream that is born") await append({ names: ["old"], rows: "r1.1.1" });
    if (kind.endsWith("lost another")) await admin.del(keys.stream);
    const before = await contents();
    const limited = await without(command);
    const names = Array.from({ length: 2_500 }, (_, i) => `e${i}`);
    const [, status] = await scriptCalls(limited, namespace).append({ names, writer: "w2", rows: "r1.2.2500" });
    limited.disconnect();
    expect(status).toBe("ERROR");
    const after = await contents();
    // The writers of a stream that is gone have had nothing in the next one.
    const isForgotten = kind.endsWith("lost another");
    if (isForgotten) for (const { counts } of [before, after]) delete counts["w:w1"];
    expect(after).toEqual(before);
    expect(await append({ names, writer: "w2" })).toMatchObject(["nonce.1", "OK", expect.any(String), "", "w2:2500"]);
    const { entries, counts } = await contents();
    const pending = [eventsOf(entries), entries.reduce((sum, [, fields]) => sum + (fields[1]?.length ?? 0), 0)];
    expect(pending).toEqual([Number(counts.accepted) - Number(counts.relayed), Number(counts.bytes)]);
  },
);
