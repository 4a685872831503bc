import { createBelonging, type Installation, type InstallationKeeper, Unavailable } from "@spillway/event";
import { describe, expect, test } from "vitest";
import { askKeepers, tendInstallation, watchInstallation } from "./installation.ts";

const ours = { namespace: "spillway", shards: 4 };
const theirs: Installation = { ...ours, id: "theirs" };

/** A keeper in memory; while it is away it answers nothing. */
const keeper = (installation: Installation | null = null) => {
  const self = { installation, away: false };
  const check = () => {
    if (self.away) throw new Unavailable("away");
  };
  const record: InstallationKeeper = {
    read: async () => {
      check();
      return self.installation;
    },
    record: async (asked) => {
      check();
      self.installation ??= asked;
      return self.installation;
    },
  };
  return Object.assign(self, record);
};

/** Keepers, and a relay that has looked at them so many times. */
const world = (redis: Installation | null, postgres: Installation | null) => {
  const keepers = { redis: keeper(redis), postgres: keeper(postgres) };
  const belonging = createBelonging(ours);
  const logged: string[] = [];
  const log = (_level: string, event: string, { keeper, code }: { keeper?: unknown; code?: unknown } = {}) =>
    void logged.push([event, keeper, code].filter((part) => part !== undefined).join(" "));
  const looks = async (times: number, between: (look: number) => void = () => undefined) => {
    const stopping = new AbortController();
    let slept = 0;
    let nowMs = 0;
    const sleep = async (ms: number) => {
      nowMs += ms;
      between(++slept);
      if (slept >= times) stopping.abort();
    };
    const clock = { sleep, monotonicMs: () => nowMs, wallMs: () => 0 };
    await tendInstallation({ ...keepers, belonging, ours, newId: () => "founded", clock, log }, stopping.signal);
  };
  return { ...keepers, belonging, logged, looks };
};

describe("a relay", () => {
  test("founds an installation where there is none, in both", async () => {
    const { redis, postgres, belonging, looks } = world(null, null);
    await looks(1);
    expect([redis.installation?.id, postgres.installation?.id, belonging.mark()]).toEqual([
      "founded",
      "founded",
      "founded",
    ]);
  });

  test("writes an emptied Redis again from Postgres", async () => {
    const { redis, looks } = world(null, theirs);
    await looks(1);
    expect(redis.installation).toEqual(theirs);
  });

  test("writes an emptied Redis again from what Postgres said, while Postgres is away", async () => {
    const { redis, postgres, belonging, looks } = world(theirs, theirs);
    await looks(2, (look) => {
      postgres.away = true;
      if (look > 1) return;
      redis.installation = null;
      // Its leases are gone with it.
      belonging.doubt("redis");
    });
    expect(redis.installation).toEqual(theirs);
  });

  test("asks Redis, where each question is paid for, fifteen times less often as Postgres while what it said is ours and nobody doubts it", async () => {
    const { redis, postgres, belonging, looks } = world(theirs, theirs);
    const asked = { redis: 0, postgres: 0 };
    for (const [name, one] of Object.entries({ redis, postgres }) as ["redis" | "postgres", typeof redis][]) {
      const { read } = one;
      one.read = (deadlineMs) => {
        asked[name]++;
        return read(deadlineMs);
      };
    }
    await looks(60, (look) => {
      if (look === 20) belonging.doubt("redis");
    });
    expect(asked).toEqual({ redis: 5, postgres: 60 });
  });

  test("says once who does not answer and why, and that it answers again", async () => {
    const { redis, logged, looks } = world(theirs, theirs);
    redis.away = true;
    await looks(4, (look) => {
      redis.away = look < 3;
    });
    expect(logged).toEqual(["keeper.unavailable redis away", "keeper.available redis"]);
  });

  test("founds nothing while one of them does not answer", async () => {
    for (const away of ["redis", "postgres"] as const) {
      const it = world(null, null);
      it[away].away = true;
      await it.looks(2);
      expect([it.redis.installation, it.postgres.installation, it.belonging.mark()]).toEqual([null, null, ""]);
    }
  });

  test("writes nothing where something contradicts, and goes on by itself when it is mended", async () => {
    const it = world(null, { ...theirs, shards: 8 });
    await it.looks(2, (look) => {
      if (look === 1) expect([it.redis.installation, it.belonging.mark()]).toEqual([null, ""]);
      it.postgres.installation = theirs;
    });
    expect(it.belonging.mark()).toBe("theirs");
    expect(it.logged).toEqual(["installation.mismatch", "installation.agreed"]);
  });

  test("gives a database without one nothing while Redis has one", async () => {
    const { postgres, belonging, looks } = world(theirs, null);
    await looks(2);
    expect(postgres.installation).toBeNull();
    expect(belonging.mismatch()).toContain("DATABASE_URL");
  });
});

test("an edge and a dashboard write nothing", async () => {
  const { redis, postgres, belonging, looks: _ } = world(null, theirs);
  const stopping = new AbortController();
  const clock = { sleep: async () => stopping.abort(), monotonicMs: () => 0, wallMs: () => 0 };
  await watchInstallation({ redis, postgres, belonging, clock, log: () => undefined }, stopping.signal);
  expect(redis.installation).toBeNull();
  expect([belonging.refusal("redis"), belonging.refusal("postgres")]).toEqual(["no_installation", null]);
});

test("who does not answer changes nothing", async () => {
  const { redis, postgres, belonging } = world(theirs, theirs);
  await askKeepers({ redis, postgres, belonging });
  redis.away = true;
  await askKeepers({ redis, postgres, belonging });
  expect(belonging.mark()).toBe("theirs");
});
