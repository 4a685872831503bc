import type { Verdict } from "../../support/checker.ts";
import { type Injection, inTurn, pause, redis, relay } from "../injection.ts";
import type { FaultWorld, Scenario } from "../scenario.ts";
import { toldAsLost } from "./accounts.ts";
import { createLateTopic, lateRoute } from "./kafka.ts";
import { createOrder, outOf, whilePosting } from "./lots.ts";
import { isBack, isParked } from "./parking.ts";
import { asked } from "./redis.ts";

const standbyOf = ({ services }: FaultWorld) => {
  if (services.standby === null) throw new Error("there is no standby");
  return services.standby;
};

/** All that came out, in order. Answers how many. */
const cameOut = async (world: FaultWorld): Promise<number> => {
  const order = createOrder();
  for (const { key, n } of await outOf(world)) order.add(key, n);
  return order.size();
};

/**
 * Redis loses the mark of a topic while its events are parked, no relay lives who knows of it, and the topic is there when the next one comes:
 * the parked ones come out before all that is newer. `before`: what is done before anything is parked.
 */
const markIsLost = (before: Injection, loss: Injection) => {
  let posted = 0;
  const lostMark: Injection = async (world) => {
    // It ends by itself, so that it has told what it saw through.
    await relay(world).kill("SIGTERM");
    await loss(world);
    await createLateTopic(world);
    await relay(world).restart();
  };
  const run: Injection = async (world) => {
    posted = await whilePosting(world, inTurn(before, isParked, pause(3_000), lostMark, pause(3_000)));
    await isBack(world);
  };
  const check = async (world: FaultWorld, { lost }: Pick<Verdict, "lost">): Promise<void> => {
    const out = await cameOut(world);
    await toldAsLost(world, { lost: lost + posted - out });
  };
  return { run, check };
};

const common = { during: "either", relayEnv: lateRoute, lossIsChecked: true } as const;

export const parkingMarkScenarios: readonly Scenario[] = [
  {
    ...common,
    id: "F47m",
    fault:
      "events are parked, the relay told to end, Redis emptied, their topic made, and a relay started: all in order",
    own: {},
    ...markIsLost(
      pause(0),
      asked((client) => client.flushall()),
    ),
  },
  {
    ...common,
    id: "F47n",
    fault:
      "events are parked, the relay told to end, Redis's replica that lacks the mark promoted, their topic made, a relay started: all in order",
    own: { standby: "redis" },
    ...markIsLost(
      async (world) => standbyOf(world).replication.set({ kind: "black-hole" }),
      async (world) => {
        await redis(world).kill();
        await world.sleep(300);
        await standbyOf(world).promote();
      },
    ),
  },
];
