import { eventually } from "@spillway/backends/eventually";
import { AclOperationTypes } from "kafkajs";
import { aclKafka } from "../../support/acl.ts";
import { countTopic, readTopic } from "../../support/topic.ts";
import { anotherRelay, database, type Injection, inTurn, killedFor, pause, relay, times } from "../injection.ts";
import type { FaultWorld, Scenario } from "../scenario.ts";
import { createLateTopic, lateRoute, lateTopic, whileDenied } from "./kafka.ts";

export const KEYS = 6;
const EVERY_MS = 250;

/** Rounds of one event a key that the late topic must hold: all of them, and of each key in order, repeats aside. */
const lateHolds = async ({ pipeline }: FaultWorld, rounds: number): Promise<void> => {
  const { brokers } = pipeline.addresses;
  const seen = new Map<string, Set<number>>();
  const look = async () => {
    seen.clear();
    for (const { key, value } of await readTopic(brokers, lateTopic())) {
      const round = Number(JSON.parse(value.toString()).data.round);
      seen.set(key ?? "", (seen.get(key ?? "") ?? new Set()).add(round));
    }
    return [...seen.values()].reduce((sum, { size }) => sum + size, 0) === KEYS * rounds;
  };
  await eventually("every event of the late topic", look, 60_000);
  for (const [key, all] of seen)
    if ([...all].some((round, at) => round !== at)) throw new Error(`${key} came out as ${[...all].join()}`);
};

/** Meanwhile four times a second an event for each key of the late topic. */
const besideLateEvents =
  (injection: Injection): Injection =>
  async (world) => {
    let rounds = 0;
    let isOver = false;
    const post = async (): Promise<void> => {
      for (; !isOver; await world.sleep(EVERY_MS)) {
        const eventOf = (_: unknown, key: number) => ({
          id: `late-${rounds}-${key}`,
          type: "late.x",
          subject: `late-${key}`,
          data: { round: rounds },
        });
        const events = JSON.stringify(Array.from({ length: KEYS }, eventOf));
        // What a stalled machine has stored in part is posted again; what is known is dropped.
        const isStored = async () => (await world.pipeline.post(events)).status === 202;
        await eventually("the events beside are stored", isStored, 10_000);
        rounds++;
      }
    };
    const posting = post();
    try {
      await injection(world);
    } finally {
      isOver = true;
      await posting;
    }
    await lateHolds(world, rounds);
  };

const parked = async ({ pipeline }: FaultWorld): Promise<{ readonly events: number; readonly bytes: number }> => {
  const [row] = await pipeline.sql`
    SELECT coalesce(sum(events), 0)::int AS events, coalesce(sum(bytes), 0)::int AS bytes FROM parking`;
  return { events: Number(row?.events), bytes: Number(row?.bytes) };
};

export const parkedEvents = async (world: FaultWorld): Promise<number> => (await parked(world)).events;

export const isParked: Injection = async (world) =>
  void (await eventually("the late topic is parked", async () => (await parkedEvents(world)) > 0, 20_000));

export const isBack: Injection = async (world) =>
  void (await eventually("nothing is parked", async () => (await parkedEvents(world)) === 0, 60_000));

/** For so many seconds the other topic gets at least a quarter of its 400 events in each. */
const othersGoOn =
  (seconds: number): Injection =>
  async ({ pipeline, sleep }) => {
    const { topic, addresses } = pipeline;
    for (let second = 0; second < seconds; second++) {
      const before = await countTopic(addresses.brokers, topic);
      await sleep(1_000);
      const came = (await countTopic(addresses.brokers, topic)) - before;
      if (came < 100) throw new Error(`the other topic got ${came} events in second ${second}`);
    }
  };

const PARKED_MAX = 60;
const PARKED_BYTES_MAX = 16_384;

const saysWhoseLotIsFull: Injection = async (world) => {
  const isFull = async () => {
    const { troubles } = (await (await fetch(`${relay(world).url}/readyz`)).json()) as {
      readonly troubles: readonly { readonly code: string; readonly topic?: string }[];
    };
    return troubles.some(({ code, topic }) => code === "parking_full" && topic === lateTopic());
  };
  await eventually("the relay says whose lot is full", isFull, 30_000);
};

/** One statement a shard may go beyond the limit, and one reads what 100 events of a shard's memory hold. */
const lotIsFull = (what: "events" | "bytes", max: number): Injection =>
  inTurn(saysWhoseLotIsFull, async (world) => {
    for (let second = 0; second < 4; second++) {
      await world.sleep(1_000);
      const { events, bytes } = await parked(world);
      const most = what === "events" ? PARKED_MAX + 4 * 100 : max + (4 * 100 * bytes) / events;
      if ((what === "events" ? events : bytes) > most)
        throw new Error(`${events} events of ${bytes} bytes are parked, and ${max} ${what} may be`);
    }
  });

const denied = whileDenied(lateTopic, AclOperationTypes.WRITE, inTurn(isParked, othersGoOn(6)));

export const parkingScenarios: readonly Scenario[] = [
  {
    id: "F47d",
    fault: "a topic missing from the start among good ones: they go on, it gets all in order when it is made",
    quick: true,
    during: "answers",
    own: {},
    relayEnv: lateRoute,
    run: besideLateEvents(inTurn(isParked, othersGoOn(10), createLateTopic, isBack)),
  },
  {
    id: "F47e",
    fault: "writing to one topic forbidden and allowed (ACL), twice: the other goes on, all in order",
    during: "answers",
    own: { kafka: aclKafka },
    relayEnv: lateRoute,
    run: inTurn(createLateTopic, besideLateEvents(inTurn(pause(2_000), times(2, denied, isBack)))),
  },
  {
    id: "F47f",
    fault: "parked events while the relays are killed −9 in turn every 5 s, and while they come back",
    during: "answers",
    own: {},
    relays: 2,
    relayEnv: lateRoute,
    run: besideLateEvents(
      inTurn(
        isParked,
        times(2, killedFor(relay, 0), pause(5_000), killedFor(anotherRelay, 0), pause(5_000)),
        createLateTopic,
        times(3, pause(300), killedFor(relay, 0), killedFor(anotherRelay, 0)),
        isBack,
      ),
    ),
  },
  {
    id: "F47h",
    fault: `a topic missing from the start, and ${PARKED_MAX} events of it may be parked: the relay says whose lot is full, all in order when it is made`,
    during: "answers",
    own: {},
    relayEnv: { ...lateRoute, PARKED_EVENTS_MAX: String(PARKED_MAX), IN_FLIGHT_EVENTS_MAX: "400" },
    run: besideLateEvents(inTurn(isParked, lotIsFull("events", PARKED_MAX), createLateTopic, isBack)),
  },
  {
    id: "F47j",
    fault: `a topic missing from the start, and ${PARKED_BYTES_MAX} bytes of it may be parked: the relay says whose lot is full, all in order when it is made`,
    during: "answers",
    own: {},
    relayEnv: { ...lateRoute, PARKED_BYTES_MAX: String(PARKED_BYTES_MAX), IN_FLIGHT_EVENTS_MAX: "400" },
    run: besideLateEvents(inTurn(isParked, lotIsFull("bytes", PARKED_BYTES_MAX), createLateTopic, isBack)),
  },
  {
    id: "F47g",
    fault: "Postgres killed −9 for 4 s while events are parked, and again when they come back",
    during: "answers",
    own: {},
    relayEnv: lateRoute,
    run: besideLateEvents(
      inTurn(
        isParked,
        killedFor(database, 4_000),
        pause(2_000),
        createLateTopic,
        pause(200),
        killedFor(database, 2_000),
        isBack,
      ),
    ),
  },
];
