import { startRedis, startRedisRest } from "@spillway/backends";
import { Redis } from "ioredis";
import type { ProxyMode } from "../../support/proxy.ts";
import { REST_TOKEN } from "../../support/world.ts";
import { broken, inTurn, type Link, outboxOnly, pause, times } from "../injection.ts";
import type { FaultWorld, Scenario } from "../scenario.ts";

const refuse = { kind: "refuse" } as const;
const cutReply = { kind: "cut-reply" } as const;
const cutRequest = { kind: "cut-request" } as const;
const blackHole = { kind: "black-hole" } as const;
const slow = { kind: "slow", bytesPerSecond: 20_000 } as const;

type BrokenLink = readonly [id: string, fault: string, link: Link, mode: ProxyMode, ms: number, quick?: true];

/** The edge's REST server is suddenly one before a Redis of nobody's, which must get nothing. */
const strangersRedis = async ({ proxies, sleep }: FaultWorld): Promise<void> => {
  const stranger = await startRedis();
  const rest = await startRedisRest({ redisUrl: stranger.url, token: REST_TOKEN });
  const admin = new Redis(stranger.url, { protocol: 2 });
  try {
    proxies.edgeToRedis.set({ kind: "elsewhere", port: rest.port });
    await sleep(6_000);
    const streams = await admin.keys("*:stream");
    if (streams.length > 0) throw new Error(`${streams.length} streams in a Redis that no relay reads`);
  } finally {
    proxies.edgeToRedis.set({ kind: "pass" });
    admin.disconnect();
    await rest.stop();
    await stranger.stop();
  }
};

/** One link that is broken in one way while clients are answered. */
const brokenLinks: readonly BrokenLink[] = [
  ["F14", "edge → Redis refused for 5 s", "edgeToRedis", refuse, 5_000],
  ["F15a", "edge → Redis: executed, and the reply is lost, for 5 s", "edgeToRedis", cutReply, 5_000, true],
  ["F15b", "edge → Redis: requests cut in the middle, for 5 s", "edgeToRedis", cutRequest, 5_000],
  ["F15c", "edge → Redis: black hole for 8 s", "edgeToRedis", blackHole, 8_000],
  ["F19", "edge → Redis: 20 KB/s", "edgeToRedis", slow, 8_000],
  ["F22", "Postgres refused while Redis is well (the dormant tier)", "edgeToPostgres", refuse, 6_000],
  ["F40a", "relay → Redis: replies lost for 6 s", "relayToRedis", cutReply, 6_000],
  ["F40b", "relay → Redis: black hole for 8 s, longer than a lease", "relayToRedis", blackHole, 8_000, true],
  ["F40c", "relay → Redis refused for 6 s", "relayToRedis", refuse, 6_000],
];

export const linkScenarios: readonly Scenario[] = [
  ...brokenLinks.map(
    ([id, fault, link, mode, ms, quick]): Scenario => ({
      id,
      fault,
      quick,
      during: "answers",
      run: broken(link, mode, ms),
    }),
  ),
  {
    id: "F71",
    fault: "edge → another REST server, before an empty Redis that no relay reads, for 6 s",
    during: "answers",
    run: strangersRedis,
  },
  {
    id: "F17",
    fault: "edge → Redis: latency grows from 50 ms to 3 s",
    during: "answers",
    run: inTurn(
      ...[50, 100, 200, 400, 800, 1_500, 3_000].map((ms) => broken("edgeToRedis", { kind: "delay", ms }, 1_500)),
    ),
  },
  {
    id: "F18",
    fault: "edge → Redis: 1 s up, 1 s down, ten times",
    quick: true,
    during: "answers",
    run: times(10, broken("edgeToRedis", refuse, 1_000), pause(1_000)),
  },
  {
    id: "F20",
    fault: "all four links clogged one by one in random order, and opened in another",
    during: "either",
    run: async (world) => {
      const links = Object.keys(world.proxies) as Link[];
      for (const mode of [blackHole, { kind: "pass" }, blackHole, { kind: "pass" }] as const)
        for (const link of [...links].sort(() => world.random() - 0.5)) {
          world.proxies[link].set(mode);
          await world.sleep(1_000);
        }
    },
  },
  {
    id: "F28b",
    fault: "outbox only: committed, and the reply is lost, for 4 s",
    during: "either",
    run: outboxOnly(broken("edgeToPostgres", cutReply, 4_000)),
  },
  {
    id: "F28c",
    fault: "outbox only: black hole for 4 s",
    during: "either",
    run: outboxOnly(broken("edgeToPostgres", blackHole, 4_000)),
  },
  {
    id: "F32b",
    fault: "the drain loses its connection to Postgres again and again",
    during: "answers",
    run: inTurn(
      broken("edgeToRedis", refuse, 3_000),
      times(3, broken("relayToPostgres", cutReply, 500), broken("relayToPostgres", refuse, 500)),
    ),
  },
];
