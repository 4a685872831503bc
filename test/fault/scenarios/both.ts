import { truncate } from "node:fs/promises";
import { join } from "node:path";
import type { Verdict } from "../../support/checker.ts";
import { type Injection, inTurn, kafka, pause, redis, whileFrozen } from "../injection.ts";
import type { FaultWorld, Scenario } from "../scenario.ts";
import { toldAsLost, toldExactly } from "./accounts.ts";
import { bothGoBack } from "./failover.ts";
import { withRedis } from "./redis.ts";

/** What a relay holds in memory survives whatever Redis loses: with Kafka stopped it holds little. */
const littleInHand = { IN_FLIGHT_EVENTS_MAX: "16" };
const allInBoth = { API_KEY_DURABILITY: "test=required" };
const EVENTS_PER_SECOND = 400;
/** Until a loss is seen: what comes in meanwhile may come out before what is restored. */
const WINDOW_S = 1;

const restoredOf = async ({ pipeline }: FaultWorld): Promise<number> => {
  const logs = await Promise.all(pipeline.relays.map(({ logFile }) => Bun.file(logFile).text()));
  const lines = logs.flatMap((log) => log.split("\n").filter((line) => line.includes('"events.restored"')));
  return lines.reduce((sum, line) => sum + Number((JSON.parse(line) as { events: number }).events), 0);
};

/** That the fault hit, that nothing came out early but what came in before it was seen, and that what came back is told as lost no more. */
const check = async (world: FaultWorld, verdict: Verdict): Promise<void> => {
  const { inversions } = verdict;
  if ((await restoredOf(world)) === 0) throw new Error("nothing was restored: the fault did not hit");
  const most = EVENTS_PER_SECOND * WINDOW_S;
  if (inversions > most) throw new Error(`${inversions} inversions, of which a window of ${WINDOW_S} s makes ${most}`);
  const [left] = await world.pipeline.sql`SELECT count(*)::int AS copies FROM copies`;
  if (left?.copies > EVENTS_PER_SECOND) throw new Error(`${left?.copies} copies are left`);
  await toldAsLost(world, verdict);
};

const emptied: Injection = (world) => withRedis(world, async (client) => void (await client.flushall()));

/** Of the events that were accepted before Postgres's standby lagged none is lost: all had come in by then, but what came in those 4 s. */
const SINCE_IT_LAGGED_S = 4;
const checkBothGone = async (world: FaultWorld, verdict: Verdict): Promise<void> => {
  if ((await restoredOf(world)) === 0) throw new Error("nothing was restored: the fault did not hit");
  const most = EVENTS_PER_SECOND * SINCE_IT_LAGGED_S;
  if (verdict.lost > most) throw new Error(`${verdict.lost} lost, and only ${most} came in while the standby lagged`);
  await toldExactly(world, verdict);
};

/** So much of the end of the AOF is gone, as after a disk or an operator that lost it. */
const tornBy =
  (bytes: number): Injection =>
  async (world) => {
    const file = await withRedis(world, async (client) => {
      const setting = async (name: string) => ((await client.config("GET", name)) as string[])[1] ?? "";
      const folder = join(await setting("dir"), await setting("appenddirname"));
      const files = [...new Bun.Glob("*.incr.aof").scanSync(folder)].sort();
      return join(folder, files.at(-1) ?? "");
    });
    await redis(world).kill();
    await truncate(file, Math.max(0, Bun.file(file).size - bytes));
    await redis(world).restart();
  };

/** The replica follows no more for a while; then the master dies, and the replica has its address. */
const failedOver: Injection = async (world) => {
  const { standby } = world.services;
  if (standby === null) throw new Error("there is no standby");
  standby.replication.set({ kind: "black-hole" });
  await world.sleep(1_000);
  await redis(world).kill();
  await world.sleep(300);
  await standby.promote();
};

const common = {
  during: "either",
  eventsPerSecond: EVENTS_PER_SECOND,
  relayEnv: littleInHand,
  orderIsChecked: true,
} as const;
const withKafkaStopped = (loss: Injection) =>
  inTurn(whileFrozen(kafka, inTurn(pause(3_000), loss, pause(3_000))), pause(2_000));

export const bothScenarios: readonly Scenario[] = [
  {
    ...common,
    id: "F70",
    fault: "FLUSHALL while Kafka is stopped, all events in both tiers: they come back from their copies",
    quick: true,
    edgeEnv: allInBoth,
    run: withKafkaStopped(emptied),
    check,
  },
  {
    ...common,
    id: "F70b",
    fault: "the same, but only every other key's events are in both tiers: those come back, and the others' are told",
    edgeEnv: { API_KEY_DURABILITY: "test=may" },
    headersOf: (key): Readonly<Record<string, string>> =>
      Number(key.slice(4)) % 2 === 0 ? { "spillway-durability": "both" } : {},
    lossIsChecked: true,
    run: withKafkaStopped(emptied),
    check: async (world, verdict) => {
      await check(world, verdict);
      if (verdict.lost === 0) throw new Error("nothing of the others was lost");
    },
  },
  {
    ...common,
    id: "F70c",
    fault: "Redis killed −9 and 200 KB of the end of its AOF cut off while Kafka is stopped, all events in both tiers",
    own: {},
    edgeEnv: allInBoth,
    run: withKafkaStopped(tornBy(200_000)),
    check,
  },
  {
    ...common,
    id: "F70d",
    fault:
      "Kafka stopped, Redis's replica lags for a second and takes the killed master's place, all events in both tiers",
    own: { standby: "redis" },
    edgeEnv: allInBoth,
    run: withKafkaStopped(failedOver),
    check,
  },
  {
    ...common,
    id: "F70e",
    fault:
      "FLUSHALL while Kafka is stopped, and Postgres's standby, which lagged, takes its place at once, all events in both tiers: only what neither has is lost, and told",
    own: { standby: "postgres" },
    edgeEnv: { API_KEY_DURABILITY: "test=both" },
    lossIsChecked: true,
    lossOfBothIsChecked: true,
    run: bothGoBack(emptied),
    check: checkBothGone,
  },
];
