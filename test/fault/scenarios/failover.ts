import { atOnce, frozenFor, type Injection, inTurn, kafka, pause, redis, whileFrozen } from "../injection.ts";
import type { FaultWorld, Scenario } from "../scenario.ts";
import { endOfAofLost, toldExactly } from "./accounts.ts";
import { asked } from "./redis.ts";

const standbyOf = ({ services }: FaultWorld) => {
  if (services.standby === null) throw new Error("there is no standby");
  return services.standby;
};

/** Of what was accepted while the standby no longer followed, and nothing else may be lost. */
export const createLag = () => {
  let most = 0;
  return {
    /** The replica lags for as long as the seed says, half a second to two; then the master dies, and it takes its place. */
    failover:
      (master: "redis" | "postgres"): Injection =>
      async (world) => {
        const standby = standbyOf(world);
        const before = world.producer.accepted();
        standby.replication.set({ kind: "black-hole" });
        await world.sleep(500 + world.random() * 1_500);
        await world.services[master].kill();
        await world.sleep(300);
        most = world.producer.accepted() - before;
        await standby.promote();
      },
    check: (lost: number): void => {
      if (lost === 0) throw new Error("nothing was lost: the fault did not hit");
      if (lost > most) throw new Error(`${lost} lost, and only ${most} were accepted while the standby did not follow`);
    },
  };
};

/**
 * Postgres's standby lags while events go by the outbox, and what is in it into the stream; then both are lost at once, and neither knows
 * what the other was told by it.
 */
const bothLost =
  (redisLost: Injection): Injection =>
  async (world) => {
    const standby = standbyOf(world);
    standby.replication.set({ kind: "black-hole" });
    await frozenFor(redis, 1_500)(world);
    await world.sleep(500 + world.random() * 1_500);
    await atOnce(redisLost, async () => {
      await world.services.postgres.kill();
      await world.sleep(300);
      await standby.promote();
    })(world);
  };

/** While Kafka stands still, so that much waits. */
export const bothGoBack = (redisLost: Injection): Injection =>
  inTurn(whileFrozen(kafka, inTurn(pause(2_000), bothLost(redisLost), pause(3_000))), pause(2_000));

const common: Pick<Scenario, "during" | "relayEnv" | "lossIsChecked"> = {
  during: "answers",
  relayEnv: { IN_FLIGHT_EVENTS_MAX: "16" },
  lossIsChecked: true,
};

const redisLag = createLag();
const postgresLag = createLag();

export const failoverScenarios: readonly Scenario[] = [
  {
    id: "F13",
    fault:
      "Kafka stopped, Redis's replica lags for 0.5 to 2 s, the master is killed −9 and the replica has its address",
    ...common,
    own: { standby: "redis" },
    run: whileFrozen(kafka, inTurn(pause(2_000), redisLag.failover("redis"), pause(3_000))),
    check: async (world, verdict) => {
      redisLag.check(verdict.lost);
      await toldExactly(world, verdict);
    },
  },
  {
    id: "F13b",
    fault:
      "Redis frozen, Postgres's standby lags for 0.5 to 2 s, the master is killed −9 and the standby has its address",
    during: "answers",
    own: { standby: "postgres" },
    lossIsChecked: true,
    run: whileFrozen(redis, inTurn(pause(2_000), postgresLag.failover("postgres"), pause(3_000))),
    check: async (world, verdict) => {
      postgresLag.check(verdict.lost);
      await toldExactly(world, verdict);
    },
  },
  {
    id: "F13c",
    fault:
      "Kafka stopped, events by the outbox too, and both go back at once: the last 60 kB of Redis's AOF are gone, Postgres's lagging standby takes its place",
    ...common,
    own: { standby: "postgres" },
    run: bothGoBack(endOfAofLost),
    check: toldExactly,
  },
  {
    id: "F13d",
    fault: "the same, but Redis is emptied: what neither has is told, and nothing else",
    ...common,
    own: { standby: "postgres" },
    run: bothGoBack(asked((client) => client.flushall())),
    check: toldExactly,
  },
];
