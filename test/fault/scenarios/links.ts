import type { ProxyMode } from "../../support/proxy.ts";
import type { FaultWorld, Scenario } from "../scenario.ts";

type Link = keyof FaultWorld["proxies"];

const broken = (link: Link, mode: ProxyMode, ms: number) => async (world: FaultWorld) => {
  world.proxies[link].set(mode);
  await world.sleep(ms);
  world.proxies[link].set({ kind: "pass" });
};

/** The outbox is the only tier while `fault` runs. */
export const outboxOnly = (fault: (world: FaultWorld) => Promise<void>) => async (world: FaultWorld) => {
  world.proxies.edgeToRedis.set({ kind: "refuse" });
  await world.sleep(1_500);
  await fault(world);
  world.proxies.edgeToRedis.set({ kind: "pass" });
};

export const linkScenarios: readonly Scenario[] = [
  {
    id: "F14",
    fault: "edge → Redis refused for 5 s",
    during: "answers",
    run: broken("edgeToRedis", { kind: "refuse" }, 5_000),
  },
  {
    id: "F15a",
    fault: "edge → Redis: executed, and the reply is lost, for 5 s",
    quick: true,
    during: "answers",
    run: broken("edgeToRedis", { kind: "cut-reply" }, 5_000),
  },
  {
    id: "F15b",
    fault: "edge → Redis: requests cut in the middle, for 5 s",
    during: "answers",
    run: broken("edgeToRedis", { kind: "cut-request" }, 5_000),
  },
  {
    id: "F15c",
    fault: "edge → Redis: black hole for 8 s",
    during: "answers",
    run: broken("edgeToRedis", { kind: "black-hole" }, 8_000),
  },
  {
    id: "F17",
    fault: "edge → Redis: latency grows from 50 ms to 3 s",
    during: "answers",
    run: async (world) => {
      for (const ms of [50, 100, 200, 400, 800, 1_500, 3_000])
        await broken("edgeToRedis", { kind: "delay", ms }, 1_500)(world);
    },
  },
  {
    id: "F18",
    fault: "edge → Redis: 1 s up, 1 s down, ten times",
    quick: true,
    during: "answers",
    run: async (world) => {
      for (let i = 0; i < 10; i++) {
        await broken("edgeToRedis", { kind: "refuse" }, 1_000)(world);
        await world.sleep(1_000);
      }
    },
  },
  {
    id: "F19",
    fault: "edge → Redis: 20 KB/s",
    during: "answers",
    run: broken("edgeToRedis", { kind: "slow", bytesPerSecond: 20_000 }, 8_000),
  },
  {
    id: "F20",
    fault: "all four links clogged one by one in random order, and opened in another",
    during: "either",
    run: async (world) => {
      const links = Object.keys(world.proxies) as Link[];
      const shuffled = () => [...links].sort(() => world.random() - 0.5);
      for (let round = 0; round < 2; round++) {
        for (const link of shuffled()) {
          world.proxies[link].set({ kind: "black-hole" });
          await world.sleep(1_000);
        }
        for (const link of shuffled()) {
          world.proxies[link].set({ kind: "pass" });
          await world.sleep(1_000);
        }
      }
    },
  },
  {
    id: "F22",
    fault: "Postgres refused while Redis is well (the dormant tier)",
    during: "answers",
    run: broken("edgeToPostgres", { kind: "refuse" }, 6_000),
  },
  {
    id: "F28b",
    fault: "outbox only: committed, and the reply is lost, for 4 s",
    during: "either",
    run: outboxOnly(broken("edgeToPostgres", { kind: "cut-reply" }, 4_000)),
  },
  {
    id: "F28c",
    fault: "outbox only: black hole for 4 s",
    during: "either",
    run: outboxOnly(broken("edgeToPostgres", { kind: "black-hole" }, 4_000)),
  },
  {
    id: "F40a",
    fault: "relay → Redis: replies lost for 6 s",
    during: "answers",
    run: broken("relayToRedis", { kind: "cut-reply" }, 6_000),
  },
  {
    id: "F40b",
    fault: "relay → Redis: black hole for 8 s, longer than a lease",
    quick: true,
    during: "answers",
    run: broken("relayToRedis", { kind: "black-hole" }, 8_000),
  },
  {
    id: "F40c",
    fault: "relay → Redis refused for 6 s",
    during: "answers",
    run: broken("relayToRedis", { kind: "refuse" }, 6_000),
  },
  {
    id: "F32b",
    fault: "the drain loses its connection to Postgres again and again",
    during: "answers",
    run: async (world) => {
      world.proxies.edgeToRedis.set({ kind: "refuse" });
      await world.sleep(3_000);
      world.proxies.edgeToRedis.set({ kind: "pass" });
      for (let i = 0; i < 6; i++)
        await broken("relayToPostgres", { kind: i % 2 === 0 ? "cut-reply" : "refuse" }, 500)(world);
    },
  },
];
