import { createWriteCache } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import {
  atOnce,
  database,
  type Injection,
  inTurn,
  kafka,
  outboxOnly,
  pause,
  redis,
  times,
  whileFrozen,
} from "../injection.ts";
import type { FaultWorld, Scenario } from "../scenario.ts";
import { toldExactly } from "./accounts.ts";
import { withRedis } from "./redis.ts";

/** Of the Redis and of the Postgres of one scenario, whose disks keep nothing that was not synced. */
const createDisks = () => {
  const redisDisk = createWriteCache();
  const postgresDisk = createWriteCache();
  return {
    own: { redis: { writeCache: redisDisk }, postgres: { writeCache: postgresDisk } },
    redisLosesPower: (async (world) => {
      await redisDisk.cutPower(redis(world));
      await redis(world).restart();
    }) satisfies Injection,
    postgresLosesPower: (async (world) => {
      await postgresDisk.cutPower(database(world));
      await database(world).restart();
    }) satisfies Injection,
  };
};

const isRewriting = (world: FaultWorld): Promise<boolean> =>
  withRedis(world, async (redis) => (await redis.info("persistence")).includes("aof_rewrite_in_progress:1"));

/** The AOF is being rewritten then, for so many microseconds a key. */
const whileRewriting =
  (perKeyUs: number, injection: Injection): Injection =>
  async (world) => {
    await withRedis(world, async (redis) => {
      await redis.config("SET", "rdb-key-save-delay", perKeyUs);
      await redis.bgrewriteaof();
    });
    await eventually("a rewrite of the AOF", () => isRewriting(world), 5_000, 5);
    await injection(world);
  };

const rewritten: Injection = async (world) =>
  void (await eventually("the end of the rewrite", async () => !(await isRewriting(world)), 10_000, 2));

/** Else the loss of power that follows would not be in its middle. */
const stillRewriting: Injection = async (world) => {
  if (!(await isRewriting(world))) throw new Error("the rewrite had ended");
};

const afterEach = (injection: Injection): Injection => inTurn(injection, pause(1_500));

/** What a relay holds in memory survives: with Kafka stopped as well, what is lost in Redis is lost. */
const littleInHand = { IN_FLIGHT_EVENTS_MAX: "16" };

const redisDisks = createDisks();
const rewrittenDisks = createDisks();
const postgresDisks = createDisks();
const bothDisks = createDisks();
const lateDisks = createDisks();

export const powerScenarios: readonly Scenario[] = [
  {
    id: "F03",
    fault: "Kafka stopped, and Redis's machine loses power three times: what was not synced is gone",
    quick: true,
    during: "answers",
    relayEnv: littleInHand,
    own: redisDisks.own,
    run: whileFrozen(kafka, times(3, afterEach(redisDisks.redisLosesPower))),
  },
  {
    id: "F03b",
    fault: "Kafka stopped, and Redis's machine loses power amid BGREWRITEAOF and just after its end, twice each",
    during: "answers",
    relayEnv: littleInHand,
    own: rewrittenDisks.own,
    run: whileFrozen(
      kafka,
      times(
        2,
        afterEach(whileRewriting(200_000, inTurn(pause(500), stillRewriting, rewrittenDisks.redisLosesPower))),
        afterEach(whileRewriting(1_000, inTurn(rewritten, rewrittenDisks.redisLosesPower))),
      ),
    ),
  },
  {
    id: "F03c",
    fault: "outbox only: Postgres's machine loses power three times",
    during: "either",
    own: postgresDisks.own,
    run: outboxOnly(times(3, afterEach(postgresDisks.postgresLosesPower))),
  },
  {
    id: "F03d",
    fault: "Redis's and Postgres's machine loses power three times, twice while the outbox is in use",
    during: "either",
    own: bothDisks.own,
    run: inTurn(
      outboxOnly(times(2, afterEach(atOnce(bothDisks.redisLosesPower, bothDisks.postgresLosesPower)))),
      afterEach(atOnce(bothDisks.redisLosesPower, bothDisks.postgresLosesPower)),
    ),
  },
  {
    id: "F03e",
    fault:
      "Kafka stopped, Redis syncs once a second and edge and relay are told to go on (warn): power is lost three times",
    during: "answers",
    relayEnv: { ...littleInHand, ON_WEAK_REDIS: "warn" },
    edgeEnv: { ON_WEAK_REDIS: "warn" },
    own: {
      ...lateDisks.own,
      redis: { ...lateDisks.own.redis, settings: { appendfsync: "everysec" } },
    },
    lossIsChecked: true,
    run: whileFrozen(kafka, times(3, afterEach(lateDisks.redisLosesPower))),
    check: toldExactly,
  },
];
