import { startRedis, startRedisRest } from "@spillway/backends";
import { expect, test } from "vitest";
import { newKey } from "./rest.ts";
import { openWire } from "./wire.ts";

test("SIGTERM: the request in hand is answered, no new one is taken, and the process ends with 0", async () => {
  const redis = await startRedis();
  const wire = await openWire(redis.port);
  const rest = await startRedisRest({ redisUrl: wire.url });
  try {
    const headers = { authorization: `Bearer ${rest.token}` };
    const key = newKey();
    wire.hold();
    const pending = fetch(`${rest.url}/incr/${key}`, { headers });
    await wire.heldReply();
    const exited = rest.exited();
    const pid = rest.pid();
    if (pid === undefined) throw new Error("redis-rest is not running");
    process.kill(pid, "SIGTERM");
    await expect
      .poll(() => fetch(`${rest.url}/livez`, { headers: { connection: "close" } }).catch(() => "refused"))
      .toBe("refused");
    wire.release();
    expect(await (await pending).json()).toEqual({ result: 1 });
    expect(await exited).toEqual({ code: 0, signal: null });
  } finally {
    await rest.stop();
    await wire.close();
    await redis.stop();
  }
});
