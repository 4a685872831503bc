import { connect } from "node:net";
import { eventually } from "@spillway/backends/eventually";
import {
  anotherRelay,
  atOnce,
  broken,
  broker,
  database,
  edge,
  frozenFor,
  type Injection,
  inTurn,
  kafka,
  killedFor,
  type Link,
  master,
  pause,
  redis,
  relay,
  rest,
  restarted,
  thirdRelay,
  times,
  whileLink,
} from "../injection.ts";
import type { Scenario } from "../scenario.ts";

/** A pause that the seed chooses. */
const somePause =
  (msMin: number, msMore: number): Injection =>
  (world) =>
    world.sleep(msMin + world.random() * msMore);

const oneOf =
  (...injections: readonly Injection[]): Injection =>
  async (world) =>
    injections[Math.floor(world.random() * injections.length)]?.(world);

/** The target dies while the link does what it should not, and comes back to one that is well. */
const killedBehind =
  (target: typeof edge, link: Link, kind: "refuse" | "cut-reply", ms: number): Injection =>
  async (world) => {
    await whileLink(link, { kind }, async () => {
      await world.sleep(ms);
      await target(world).kill();
    })(world);
    await target(world).restart();
  };

/** From now on it may have so many files and sockets open at once; those that it has stay. */
const limited =
  (target: typeof edge, descriptors: number): Injection =>
  async (world) => {
    const pid = String(target(world).pid());
    const { success, stderr } = Bun.spawnSync(["prlimit", "--pid", pid, `--nofile=${descriptors}`], { stderr: "pipe" });
    if (!success) throw new Error(`the limit could not be set: ${stderr}`);
  };

/** So many clients have a connection to the edge, and say nothing. */
const whileIdle =
  (count: number, injection: Injection): Injection =>
  async (world) => {
    const { port } = edge(world);
    const clients = Array.from({ length: count }, () => connect(port, "127.0.0.1").on("error", () => undefined));
    await injection(world);
    for (const client of clients) client.destroy();
  };

const someCut = (link: Link): Injection =>
  oneOf(
    ...(["refuse", "black-hole", "cut-reply", "cut-request"] as const).map((kind) => broken(link, { kind }, 2_000)),
  );

export const processScenarios: readonly Scenario[] = [
  {
    id: "F33",
    fault: "the edge killed −9 under load, ten times",
    quick: true,
    during: "either",
    slowAnswersAllowed: true,
    run: times(10, killedFor(edge, 0), somePause(500, 500)),
  },
  {
    id: "F33b",
    fault: "the edge killed −9 while its events are in the outbox: its successor must not overtake them",
    during: "either",
    slowAnswersAllowed: true,
    run: times(3, killedBehind(edge, "edgeToRedis", "refuse", 1_500), pause(1_500)),
  },
  {
    id: "F34",
    fault: "the edge told to end (SIGTERM) under load, and started again, five times",
    during: "either",
    slowAnswersAllowed: true,
    run: times(5, restarted(edge), pause(1_000)),
  },
  {
    id: "F35",
    fault: "the edge frozen for 5 s",
    during: "either",
    slowAnswersAllowed: true,
    run: frozenFor(edge, 5_000),
  },
  {
    id: "F36",
    fault: "the edge may open 64 files and sockets and has 100 idle clients, the relay 48, and Redis is frozen for 8 s",
    during: "answers",
    run: inTurn(
      limited(edge, 64),
      limited(relay, 48),
      whileIdle(100, inTurn(pause(1_000), frozenFor(redis, 8_000), pause(2_000))),
    ),
  },
  {
    id: "F36b",
    fault:
      "the same limits, and REST server, Postgres and Kafka are killed −9 in turn: new connections are hard to come by",
    during: "either",
    run: inTurn(
      limited(edge, 64),
      limited(relay, 48),
      whileIdle(
        100,
        inTurn(pause(1_000), killedFor(rest, 3_000), killedFor(database, 3_000), killedFor(kafka, 3_000), pause(2_000)),
      ),
    ),
  },
  {
    id: "F39",
    fault: "the relay killed −9 between Kafka's confirmation and settle, three times",
    quick: true,
    during: "answers",
    // Requests arrive and their replies are swallowed: what is published then cannot be known to be settled.
    run: times(3, killedBehind(relay, "relayToRedis", "cut-reply", 300), pause(2_000)),
  },
  {
    id: "F32",
    fault: "the relay killed −9 while it drains the outbox, four times",
    during: "answers",
    run: inTurn(broken("edgeToRedis", { kind: "refuse" }, 4_000), times(4, somePause(300, 400), killedFor(relay, 0))),
  },
  {
    id: "F41",
    fault: "a relay frozen for longer than its lease while another takes over, then continued (a zombie)",
    quick: true,
    during: "answers",
    relays: 2,
    run: inTurn(frozenFor(relay, 8_000), pause(2_000), frozenFor(anotherRelay, 8_000), pause(2_000)),
  },
  {
    id: "F42",
    fault: "relays stopped and started at random, twenty times",
    during: "answers",
    relays: 3,
    run: times(
      20,
      oneOf(...[relay, anotherRelay, thirdRelay].flatMap((one) => [killedFor(one, 0), restarted(one)])),
      pause(200),
    ),
  },
  {
    id: "F53",
    fault: "three relays, one killed −9 every 5 s for a minute",
    during: "answers",
    relays: 3,
    eventsPerSecond: 800,
    run: times(4, ...[relay, anotherRelay, thirdRelay].flatMap((one) => [killedFor(one, 4_000), pause(1_000)])),
  },
  {
    id: "F54",
    fault: "two edges, Redis killed −9, back after 4 s, twice",
    during: "answers",
    edges: 2,
    run: times(2, killedFor(redis, 4_000), pause(3_000)),
  },
  {
    id: "F58",
    fault: "Redis Cluster of 3+3 and Kafka of three brokers, three relays: a relay killed −9 every 5 s for a minute",
    during: "answers",
    own: "cluster",
    relays: 3,
    run: times(4, ...[relay, anotherRelay, thirdRelay].map((one) => killedFor(one, 4_000))),
  },
  {
    id: "F59",
    fault: "Redis Cluster of 3+3 and Kafka of three brokers: a master and a broker killed −9, back after 15 s",
    during: "answers",
    own: "cluster",
    relays: 2,
    run: atOnce(killedFor(master, 15_000), killedFor(broker, 15_000)),
  },
  {
    id: "F55",
    fault: "REST server killed −9, back after 4 s",
    during: "answers",
    run: killedFor(rest, 4_000),
  },
  {
    id: "F52",
    fault: "60 s of random faults on everything",
    during: "either",
    relays: 2,
    slowAnswersAllowed: true,
    run: async (world) => {
      const fault = oneOf(
        ...[redis, database, kafka].map((target) => killedFor(target, 2_000)),
        ...[relay, anotherRelay].map((target) => killedFor(target, 3_000)),
        killedFor(edge, 0),
        ...(["edgeToRedis", "relayToRedis", "edgeToPostgres"] as const).map(someCut),
      );
      const until = performance.now() + 60_000;
      while (performance.now() < until) await inTurn(fault, somePause(0, 2_000))(world);
      await eventually("the edge", async () => (await fetch(`${edge(world).url}/livez`)).ok);
    },
  },
];
