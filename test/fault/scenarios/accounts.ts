import { readdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "@spillway/backends/eventually";
import type { Verdict } from "../../support/checker.ts";
import { edge, type Injection, inTurn, kafka, pause, redis, relay, whileFrozen, whileLink } from "../injection.ts";
import type { FaultWorld, Scenario } from "../scenario.ts";
import { asked, withRedis } from "./redis.ts";

/** What is recorded once a second is compared a second later. */
const TOLD_MS = 20_000;

/** What is told is what was lost, should that be nothing. */
export const toldAsLost = async ({ pipeline }: FaultWorld, { lost }: Pick<Verdict, "lost">): Promise<void> => {
  let told = 0;
  const isTold = async () => {
    const [row] = await pipeline.sql`SELECT coalesce(sum(unaccounted), 0)::int AS events FROM shard_checkpoints`;
    told = Number(row?.events);
    return told === lost;
  };
  await eventually("what is told as lost", isTold, TOLD_MS).catch(() => {
    throw new Error(`${lost} lost, ${told} told`);
  });
};

/** Something was lost, and just that is told. */
export const toldExactly = async (world: FaultWorld, verdict: Pick<Verdict, "lost">): Promise<void> => {
  if (verdict.lost === 0) throw new Error("nothing was lost: the fault did not hit");
  await toldAsLost(world, verdict);
};

const PER_SECOND = 300;

/** The edge tells Postgres nothing for a while, and is killed −9; Redis is emptied in the next moment. */
const edgeAndRedisLost: Injection = inTurn(
  whileLink(
    "edgeToPostgres",
    { kind: "refuse" },
    inTurn(
      pause(4_000),
      (world) => edge(world).kill("SIGKILL"),
      asked((client) => client.flushall()),
    ),
  ),
  (world) => edge(world).restart(),
);

/** An edge that Postgres has never heard of, since it began when that was out of its reach, is killed −9; Redis is emptied in the next moment. */
const newEdgeAndRedisLost: Injection = inTurn(
  (world) => edge(world).kill("SIGTERM"),
  whileLink(
    "edgeToPostgres",
    { kind: "refuse" },
    inTurn(
      (world) => edge(world).restart(),
      pause(4_000),
      (world) => edge(world).kill("SIGKILL"),
      asked((client) => client.flushall()),
    ),
  ),
  (world) => edge(world).restart(),
);

/** What the dead edge had told is told as lost, and what Redis was seen to have beyond that as possible; what came in its last second is in neither. */
const toldAsPossible = async ({ pipeline }: FaultWorld, { lost }: Pick<Verdict, "lost">): Promise<void> => {
  let found = "";
  const isTold = async () => {
    const [row] = await pipeline.sql`
      SELECT coalesce(sum(unaccounted), 0)::int AS told, coalesce(sum(possible), 0)::int AS possible FROM shard_checkpoints`;
    const [told, possible] = [Number(row?.told), Number(row?.possible)];
    found = `${lost} lost, ${told} told, ${possible} possible`;
    return possible > PER_SECOND && told <= lost && lost - told - possible <= 2 * PER_SECOND;
  };
  await eventually("what is told as possible", isTold, TOLD_MS).catch(() => {
    throw new Error(found);
  });
};

/** Longer than a lease: what a relay has in hand is dropped with it. */
const DOWN_MS = 6_500;
const CUT_BYTES = 60_000;

const aofOf = async (world: FaultWorld): Promise<string> => {
  const [dir = "", name = ""] = await withRedis(world, async (client) => [
    (await client.config("GET", "dir"))[1],
    (await client.config("GET", "appenddirname"))[1],
  ]);
  const folder = join(dir, name);
  const newest = readdirSync(folder)
    .filter((file) => file.endsWith(".incr.aof"))
    .sort()
    .at(-1);
  if (newest === undefined) throw new Error("Redis has no AOF");
  return join(folder, newest);
};

/** Redis is killed, the end of its AOF is gone, and it is back after a while in which clients go on. */
export const endOfAofLost: Injection = async (world) => {
  const aof = await aofOf(world);
  const process = redis(world);
  await process.kill();
  truncateSync(aof, Math.max(0, statSync(aof).size - CUT_BYTES));
  await world.sleep(DOWN_MS);
  await process.restart();
};

const relayStopped =
  (injection: Injection): Injection =>
  async (world) => {
    const process = relay(world);
    await process.kill("SIGTERM");
    await injection(world);
    await process.restart();
  };

export const accountsScenarios: readonly Scenario[] = [
  {
    id: "F11",
    fault: "FLUSHALL while Kafka is stopped: what was pending is gone, and just that is told",
    quick: true,
    during: "either",
    lossIsChecked: true,
    // What a relay holds in memory survives an emptied Redis: it must hold little for anything to be lost.
    relayEnv: { IN_FLIGHT_EVENTS_MAX: "16" },
    run: inTurn(
      whileFrozen(
        kafka,
        inTurn(
          pause(3_000),
          asked((client) => client.flushall()),
        ),
      ),
      pause(2_000),
    ),
    check: toldExactly,
  },
  {
    id: "F11b",
    fault: "the relay stopped, FLUSHALL after 3 s, and the relay back: all that was accepted meanwhile is told as lost",
    during: "either",
    lossIsChecked: true,
    run: inTurn(
      relayStopped(
        inTurn(
          pause(3_000),
          asked((client) => client.flushall()),
        ),
      ),
      pause(2_000),
    ),
    check: toldExactly,
  },
  {
    id: "F11c",
    fault:
      "Kafka stopped, the edge cut off from Postgres for 4 s, then killed −9 and Redis emptied at once: what it may have acknowledged is told as possible",
    during: "either",
    lossIsChecked: true,
    eventsPerSecond: PER_SECOND,
    relayEnv: { IN_FLIGHT_EVENTS_MAX: "16" },
    run: inTurn(whileFrozen(kafka, inTurn(pause(3_000), edgeAndRedisLost)), pause(2_000)),
    check: toldAsPossible,
  },
  {
    id: "F11d",
    fault:
      "the same, but the edge began 4 s before it is killed −9, and has told Postgres nothing at all: what it may have acknowledged is told as possible",
    during: "either",
    lossIsChecked: true,
    eventsPerSecond: PER_SECOND,
    relayEnv: { IN_FLIGHT_EVENTS_MAX: "16" },
    run: inTurn(whileFrozen(kafka, inTurn(pause(1_000), newEdgeAndRedisLost)), pause(2_000)),
    check: toldAsPossible,
  },
  {
    id: "F09",
    fault:
      "Kafka stopped, Redis killed −9, the last 60 kB of its AOF gone, back after 6.5 s; clients go on by the outbox",
    during: "answers",
    lossIsChecked: true,
    relayEnv: { IN_FLIGHT_EVENTS_MAX: "16" },
    own: {},
    run: inTurn(whileFrozen(kafka, inTurn(pause(2_000), endOfAofLost, pause(2_000))), pause(2_000)),
    check: toldExactly,
  },
];
