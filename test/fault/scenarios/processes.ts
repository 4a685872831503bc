import { eventually } from "@spillway/backends/eventually";
import type { FaultWorld, Scenario } from "../scenario.ts";

const appOf = (world: FaultWorld, kind: "edges" | "relays", index = 0) => {
  const app = world.pipeline[kind][index];
  if (app === undefined) throw new Error(`there is no ${kind}[${index}]`);
  return app;
};

export const processScenarios: readonly Scenario[] = [
  {
    id: "F33",
    fault: "the edge killed −9 under load, ten times",
    quick: true,
    during: "either",
    slowAnswersAllowed: true,
    run: async (world) => {
      for (let i = 0; i < 10; i++) {
        await appOf(world, "edges").kill("SIGKILL");
        await appOf(world, "edges").restart();
        await world.sleep(500 + world.random() * 500);
      }
    },
  },
  {
    id: "F33b",
    fault: "the edge killed −9 while its events are in the outbox: its successor must not overtake them",
    during: "either",
    slowAnswersAllowed: true,
    run: async (world) => {
      for (let i = 0; i < 3; i++) {
        world.proxies.edgeToRedis.set({ kind: "refuse" });
        await world.sleep(1_500);
        await appOf(world, "edges").kill("SIGKILL");
        world.proxies.edgeToRedis.set({ kind: "pass" });
        await appOf(world, "edges").restart();
        await world.sleep(1_500);
      }
    },
  },
  {
    id: "F34",
    fault: "the edge told to end (SIGTERM) under load, and started again, five times",
    during: "either",
    slowAnswersAllowed: true,
    run: async (world) => {
      for (let i = 0; i < 5; i++) {
        await appOf(world, "edges").restart();
        await world.sleep(1_000);
      }
    },
  },
  {
    id: "F35",
    fault: "the edge frozen for 5 s",
    during: "either",
    slowAnswersAllowed: true,
    run: async (world) => {
      await appOf(world, "edges").kill("SIGSTOP");
      await world.sleep(5_000);
      await appOf(world, "edges").kill("SIGCONT");
    },
  },
  {
    id: "F39",
    fault: "the relay killed −9 between Kafka's confirmation and settle, three times",
    quick: true,
    during: "answers",
    run: async (world) => {
      for (let i = 0; i < 3; i++) {
        // Requests arrive and their replies are swallowed: what is published now cannot be known to be settled.
        world.proxies.relayToRedis.set({ kind: "cut-reply" });
        await world.sleep(300);
        await appOf(world, "relays").kill("SIGKILL");
        world.proxies.relayToRedis.set({ kind: "pass" });
        await appOf(world, "relays").restart();
        await world.sleep(2_000);
      }
    },
  },
  {
    id: "F32",
    fault: "the relay killed −9 while it drains the outbox, four times",
    during: "answers",
    run: async (world) => {
      world.proxies.edgeToRedis.set({ kind: "refuse" });
      await world.sleep(4_000);
      world.proxies.edgeToRedis.set({ kind: "pass" });
      for (let i = 0; i < 4; i++) {
        await world.sleep(300 + world.random() * 400);
        await appOf(world, "relays").kill("SIGKILL");
        await appOf(world, "relays").restart();
      }
    },
  },
  {
    id: "F41",
    fault: "a relay frozen for longer than its lease while another takes over, then continued (a zombie)",
    quick: true,
    during: "answers",
    relays: 2,
    run: async (world) => {
      for (let i = 0; i < 2; i++) {
        await appOf(world, "relays", i).kill("SIGSTOP");
        await world.sleep(8_000);
        await appOf(world, "relays", i).kill("SIGCONT");
        await world.sleep(2_000);
      }
    },
  },
  {
    id: "F42",
    fault: "relays stopped and started at random, twenty times",
    during: "answers",
    relays: 3,
    run: async (world) => {
      for (let i = 0; i < 20; i++) {
        const relay = appOf(world, "relays", Math.floor(world.random() * 3));
        if (world.random() < 0.5) await relay.kill("SIGKILL");
        await relay.restart();
        await world.sleep(200);
      }
    },
  },
  {
    id: "F53",
    fault: "three relays, one killed −9 every 5 s for a minute",
    during: "answers",
    relays: 3,
    eventsPerSecond: 800,
    run: async (world) => {
      for (let i = 0; i < 12; i++) {
        const relay = appOf(world, "relays", i % 3);
        await relay.kill("SIGKILL");
        await world.sleep(4_000);
        await relay.restart();
        await world.sleep(1_000);
      }
    },
  },
  {
    id: "F54",
    fault: "two edges, Redis killed −9, back after 4 s, twice",
    during: "answers",
    edges: 2,
    run: async (world) => {
      for (let i = 0; i < 2; i++) {
        await world.services.redis.kill("SIGKILL");
        await world.sleep(4_000);
        await world.services.redis.restart();
        await world.sleep(3_000);
      }
    },
  },
  {
    id: "F58",
    fault: "Redis Cluster of 3+3 and Kafka of three brokers, three relays: a relay killed −9 every 5 s for a minute",
    during: "answers",
    own: "cluster",
    relays: 3,
    run: async (world) => {
      for (let i = 0; i < 12; i++) await restartAfter(world, appOf(world, "relays", i % 3), 4_000);
    },
  },
  {
    id: "F59",
    fault: "Redis Cluster of 3+3 and Kafka of three brokers: a master and a broker killed −9, back after 15 s",
    during: "answers",
    own: "cluster",
    relays: 2,
    run: async (world) => {
      const [master, broker] = [world.services.cluster?.redis[1], world.services.cluster?.kafka[2]];
      if (master === undefined || broker === undefined) throw new Error("there is no cluster");
      await Promise.all([restartAfter(world, master, 15_000), restartAfter(world, broker, 15_000)]);
    },
  },
  {
    id: "F55",
    fault: "REST server killed −9, back after 4 s",
    during: "answers",
    run: async (world) => {
      await world.services.rest.kill("SIGKILL");
      await world.sleep(4_000);
      await world.services.rest.restart();
    },
  },
  {
    id: "F52",
    fault: "60 s of random faults on everything",
    during: "either",
    relays: 2,
    slowAnswersAllowed: true,
    run: async (world) => {
      const faults: readonly (() => Promise<void>)[] = [
        () => restartAfter(world, world.services.redis, 2_000),
        () => restartAfter(world, world.services.postgres, 2_000),
        () => restartAfter(world, world.services.kafka, 2_000),
        () => restartAfter(world, appOf(world, "edges"), 0),
        () => restartAfter(world, appOf(world, "relays", 0), 3_000),
        () => restartAfter(world, appOf(world, "relays", 1), 3_000),
        () => cutFor(world, "edgeToRedis", 2_000),
        () => cutFor(world, "relayToRedis", 2_000),
        () => cutFor(world, "edgeToPostgres", 2_000),
      ];
      const until = performance.now() + 60_000;
      while (performance.now() < until) {
        await faults[Math.floor(world.random() * faults.length)]?.();
        await world.sleep(world.random() * 2_000);
      }
      await eventually("the edge", async () => (await fetch(`${appOf(world, "edges").url}/livez`)).ok);
    },
  },
];

const restartAfter = async (
  world: FaultWorld,
  process: { kill(signal: "SIGKILL"): Promise<void>; restart(): Promise<void> },
  ms: number,
): Promise<void> => {
  await process.kill("SIGKILL");
  await world.sleep(ms);
  await process.restart();
};

const cutFor = async (world: FaultWorld, link: keyof FaultWorld["proxies"], ms: number): Promise<void> => {
  const kinds = ["refuse", "black-hole", "cut-reply", "cut-request"] as const;
  world.proxies[link].set({ kind: kinds[Math.floor(world.random() * kinds.length)] ?? "refuse" });
  await world.sleep(ms);
  world.proxies[link].set({ kind: "pass" });
};
