import { startRedis } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { inTurn, kafka, pause, redis, whileFrozen } from "../injection.ts";
import type { FaultWorld, Scenario } from "../scenario.ts";
import { withRedis } from "./redis.ts";

/** The edge asks half a second after the last answer, and has it 400 ms later at the latest. */
const KNOWN_MS = 900;

const latestTier = ({ producer }: FaultWorld) =>
  [...producer.attempts.values()].reduce((last, each) => (each.acceptedAt > last.acceptedAt ? each : last)).tier;

export const goesByTheOutbox = (world: FaultWorld): Promise<unknown> =>
  eventually("events by the outbox", () => latestTier(world) === "outbox", 5_000);

/** What is accepted from now until it must be known may be lost, and nothing else: by the order of the answers. */
const createWindow = () => {
  let from = 0;
  let to = 0;
  return {
    pass: async ({ producer, sleep }: FaultWorld): Promise<void> => {
      from = producer.accepted();
      await sleep(KNOWN_MS);
      to = producer.accepted();
    },
    check: ({ producer }: FaultWorld, lost: readonly (string | null)[]): void => {
      const outside = lost
        .filter((id) => id !== null)
        .map((id) => producer.attempts.get(id)?.acceptedAt ?? 0)
        .filter((at) => at <= from || at > to);
      if (outside.length > 0)
        throw new Error(`lost: the ${outside.join("th and the ")}th, not between ${from} and ${to}`);
    },
  };
};

/** Kafka stands still, so that what the stream holds is what a crash takes. */
const withoutAof = (): Pick<Scenario, "run" | "check" | "lossIsChecked"> => {
  const window = createWindow();
  return {
    lossIsChecked: true,
    run: inTurn(
      whileFrozen(
        kafka,
        inTurn(
          pause(2_000),
          (world) => withRedis(world, async (redis) => void (await redis.config("SET", "appendonly", "no"))),
          window.pass,
          async (world) => void (await goesByTheOutbox(world)),
          pause(3_000),
          async (world) => {
            await redis(world).kill();
            await redis(world).restart();
          },
          pause(1_000),
        ),
      ),
    ),
    check: (world, { firstLost, lastLost }) => window.check(world, [firstLost, lastLost]),
  };
};

export const weakRedisScenarios: readonly Scenario[] = [
  {
    id: "F61",
    fault:
      "Redis told to keep no AOF while Kafka is stopped, killed −9 four seconds later: only the window may be lost",
    quick: true,
    during: "answers",
    // What a relay holds in memory survives an emptied Redis.
    relayEnv: { IN_FLIGHT_EVENTS_MAX: "16" },
    own: {},
    ...withoutAof(),
  },
  {
    id: "F61b",
    fault:
      "Kafka stopped, and another Redis without an AOF at the same address for 4 s, killed −9, and the first one back",
    during: "answers",
    relayEnv: { IN_FLIGHT_EVENTS_MAX: "16" },
    own: {},
    run: whileFrozen(kafka, async (world) => {
      await redis(world).kill();
      const other = await startRedis({ port: redis(world).port, settings: { appendonly: "no" } });
      try {
        await goesByTheOutbox(world);
        await world.sleep(4_000);
        if (latestTier(world) !== "outbox") throw new Error("events go to a Redis that keeps nothing");
      } finally {
        await other.kill();
        await other.stop();
        await redis(world).restart();
      }
    }),
  },
  {
    id: "F61c",
    fault: "Redis may evict, and the edge is told to refuse then (ON_WEAK_REDIS=refuse): 503 until it may not",
    during: "either",
    edgeEnv: { ON_WEAK_REDIS: "refuse" },
    own: {},
    run: async (world) => {
      const set = (policy: string) =>
        withRedis(world, async (redis) => void (await redis.config("SET", "maxmemory-policy", policy)));
      await set("allkeys-lru");
      await world.sleep(KNOWN_MS);
      const before = world.producer.accepted();
      await world.sleep(2_000);
      const after = world.producer.accepted();
      const ready = await fetch(`${world.pipeline.edges[0]?.url}/readyz`);
      await set("noeviction");
      if (after > before) throw new Error(`${after - before} events were accepted`);
      if (ready.status !== 503) throw new Error(`/readyz answers ${ready.status}`);
    },
  },
];
