import { askKafka } from "@spillway/backends";
import { eventually } from "@spillway/backends/eventually";
import { residentMb } from "../../bench/sample.ts";
import { eachInTopic, readTopic } from "../../support/topic.ts";
import { type Injection, inTurn, pause, relay } from "../injection.ts";
import type { FaultWorld, Scenario } from "../scenario.ts";
import { toldExactly } from "./accounts.ts";
import { createLag } from "./failover.ts";
import { createLateTopic, lateRoute, lateTopic } from "./kafka.ts";
import { isBack, isParked, KEYS, parkedEvents } from "./parking.ts";

const LOT_EVENTS = 120;

/** More a second than lanes that stand still keep, so that the newest are in Postgres alone. Answers how many in the end. */
const postLots = async ({ pipeline, sleep }: FaultWorld, isOver: () => boolean): Promise<number> => {
  const lot = crypto.randomUUID();
  let posted = 0;
  for (; !isOver(); await sleep(100)) {
    const eventOf = (_: unknown, at: number) => ({
      id: `${lot}-${posted + at}`,
      type: "late.x",
      subject: `lot-${at % KEYS}`,
      data: { n: posted + at },
    });
    const events = JSON.stringify(Array.from({ length: LOT_EVENTS }, eventOf));
    await eventually("the lot's events are stored", async () => (await pipeline.post(events)).status === 202, 10_000);
    posted += LOT_EVENTS;
  }
  return posted;
};

type Out = { readonly id: string; readonly key: string; readonly n: number };

/** What the late topic holds, partition by partition. */
export const outOf = async ({ pipeline }: FaultWorld): Promise<Out[]> =>
  (await readTopic(pipeline.addresses.brokers, lateTopic())).map(({ key, value }) => {
    const { id, data } = JSON.parse(value.toString());
    return { id, key: key ?? "", n: Number(data.n) };
  });

const idsOut = async (world: FaultWorld): Promise<number> => new Set((await outOf(world)).map(({ id }) => id)).size;

/** While lots are posted. Answers how many events. */
export const whilePosting = async (world: FaultWorld, injection: Injection): Promise<number> => {
  let isOver = false;
  const posting = postLots(world, () => isOver);
  await injection(world).finally(() => {
    isOver = true;
  });
  return posting;
};

/** Of what is parked all comes out but what Postgres has lost, and just that is told. */
const lotLosesExactly =
  (injection: Injection): Injection =>
  async (world) => {
    const posted = await whilePosting(world, inTurn(isParked, pause(3_000), injection, pause(1_000)));
    await inTurn(createLateTopic, isBack, pause(3_000))(world);
    await toldExactly(world, { lost: posted - (await idsOut(world)) });
  };

const allAreOut = async (world: FaultWorld, posted: number): Promise<void> =>
  void (await eventually("every event of the lots", async () => (await idsOut(world)) === posted, 60_000));

const deleteLateTopic: Injection = ({ pipeline }) =>
  askKafka(pipeline.addresses.brokers, (admin) => admin.deleteTopics({ topics: [lateTopic()] }));

/** Of what is posted once it is gone all comes out. Which key is in which partition is another by then: order is nobody's to say. */
const otherPartitions: Injection = async (world) => {
  await createLateTopic(world);
  const posted = await whilePosting(world, pause(1_000));
  await allAreOut(world, posted);
  await deleteLateTopic(world);
  const again = await whilePosting(world, inTurn(isParked, pause(3_000)));
  await world.services.kafka.createTopics([{ name: lateTopic(), partitions: 5 }]);
  await isBack(world);
  await allAreOut(world, again);
};

const MANY_EVENTS = Number(process.env.PARKED ?? 30_000);
const MANY_AT_ONCE = 500;

/** Whatever waits in the lots. */
const RELAY_MB_MAX = 500;

/** What a shard has in hand is not parked yet. */
const IN_HAND_EVENTS = 4 * 400;

const postMany = async (world: FaultWorld): Promise<void> => {
  for (let posted = 0; posted < MANY_EVENTS; posted += MANY_AT_ONCE) {
    const eventOf = (_: unknown, at: number) => ({
      id: `many-${posted + at}`,
      type: "late.x",
      subject: `many-${at % 50}`,
      data: { n: posted + at },
    });
    const events = JSON.stringify(Array.from({ length: MANY_AT_ONCE }, eventOf));
    await eventually("many are stored", async () => (await world.pipeline.post(events)).status === 202, 30_000);
  }
};

/** Numbers that must come out in their order, those of each key; repeats aside. */
export const createOrder = () => {
  const seen = new Set<number>();
  const latest = new Map<string, number>();
  let inversion: string | null = null;
  return {
    add: (key: string, n: number): void => {
      if (seen.has(n)) return;
      seen.add(n);
      const before = latest.get(key) ?? -1;
      if (n < before) inversion ??= `${key}: ${n} came out behind ${before}`;
      latest.set(key, n);
    },
    /** How many there were. Throws when one came out behind a later one. */
    size: (): number => {
      if (inversion !== null) throw new Error(inversion);
      return seen.size;
    },
  };
};

/** All of them, and those of each key in the order in which they were posted, repeats aside. */
const manyAreOut = async ({ pipeline }: FaultWorld): Promise<void> => {
  const seen = createOrder();
  await eachInTopic(pipeline.addresses.brokers, lateTopic(), ({ key, value }) =>
    seen.add(key ?? "", Number(JSON.parse(value.toString()).data.n)),
  );
  if (seen.size() !== MANY_EVENTS) throw new Error(`${seen.size()} of ${MANY_EVENTS} came out`);
};

/** How long something took, and what the relay held meanwhile at most. */
const measured = async (world: FaultWorld, what: string, step: () => Promise<unknown>): Promise<void> => {
  const startMs = performance.now();
  let mostMb = 0;
  const timer = setInterval(() => {
    const pid = relay(world).pid();
    if (pid !== undefined) mostMb = Math.max(mostMb, residentMb(pid));
  }, 250);
  await step().finally(() => clearInterval(timer));
  const seconds = (performance.now() - startMs) / 1_000;
  console.log(
    `  ${what}: ${MANY_EVENTS} events in ${seconds.toFixed(1)} s, ${Math.round(MANY_EVENTS / seconds)} a second; the relay held ${Math.round(mostMb)} MB`,
  );
  if (mostMb > RELAY_MB_MAX) throw new Error(`${what}: the relay held ${Math.round(mostMb)} MB`);
};

const manyComeBack: Injection = async (world) => {
  const isParkedNow = async () => (await parkedEvents(world)) >= MANY_EVENTS - IN_HAND_EVENTS;
  await measured(world, "posted and put aside", async () => {
    await postMany(world);
    await eventually("nearly all are parked", isParkedNow, 60_000 + MANY_EVENTS);
  });
  await createLateTopic(world);
  const isBackNow = async () => (await parkedEvents(world)) === 0;
  await measured(world, "brought back", () => eventually("none is parked any more", isBackNow, 60_000 + MANY_EVENTS));
  await manyAreOut(world);
};

export const lotScenarios: readonly Scenario[] = [
  {
    id: "F47i",
    fault:
      "a topic missing from the start, and Postgres's standby lags for 0.5 to 2 s and takes its place: of what is parked just what is lost is told",
    during: "answers",
    own: { standby: "postgres" },
    relayEnv: lateRoute,
    run: lotLosesExactly(createLag().failover("postgres")),
  },
  {
    id: "F47k",
    fault: "a topic of two partitions is deleted, its events are parked, and it is made anew with five: all come out",
    during: "answers",
    own: {},
    relayEnv: lateRoute,
    run: otherPartitions,
  },
  {
    id: "F47l",
    fault: `${MANY_EVENTS} events of a topic that is missing are parked: all come back in order when it is made`,
    during: "answers",
    own: {},
    relayEnv: lateRoute,
    run: manyComeBack,
  },
];
