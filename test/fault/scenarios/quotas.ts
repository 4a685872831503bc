import { judge } from "../../support/checker.ts";
import { type Producer, startProducer } from "../../support/producer.ts";
import { API_KEY } from "../../support/world.ts";
import { frozenFor, type Injection, inTurn, killedFor, pause, redis } from "../injection.ts";
import type { FaultWorld, Scenario } from "../scenario.ts";

/** Events a second, of all edges together, that the attacker's key may send; it asks for ten times as many and more. */
const QUOTA = 20;
const ATTACKER = "key-of-the-attacker";
const KEYS = 24;
const TOPIC = "attacked";

/** Each of its keys tries what was refused again at once, some 18 times a second. */
const attackers = new WeakMap<FaultWorld, { readonly producer: Producer; readonly seconds: number }>();

const attackWhile =
  (injection: Injection): Injection =>
  async (world) => {
    await world.services.kafka.createTopics([{ name: TOPIC, partitions: 2 }]);
    const urls = world.pipeline.edges.map(({ url }) => url);
    const producer = startProducer({ urls, apiKey: ATTACKER, keys: KEYS, type: "attack.made" });
    const startedAtMs = performance.now();
    try {
      await injection(world);
    } finally {
      await producer.stop();
    }
    attackers.set(world, { producer, seconds: (performance.now() - startedAtMs) / 1_000 });
  };

/** As long as it keeps to its quota, each edge takes what it sends. */
const isServedAgain: Injection = async ({ pipeline, sleep }) => {
  await sleep(2_000);
  for (let n = 0; n < 10; n++) {
    for (const { url } of pipeline.edges) {
      const body = JSON.stringify({ type: "attack.made", subject: "late" });
      const headers = { authorization: `Bearer ${ATTACKER}`, "content-type": "application/json" };
      const { status } = await fetch(`${url}/v1/events`, { method: "POST", body, headers });
      if (status !== 202) throw new Error(`event ${n} after the attack was answered ${status}`);
    }
    await sleep(250);
  }
};

/** What an edge may take at once after a pause is a second's worth, and Redis was away: each edge then goes by what it knew. */
const SLACK = 1.3;

const checkAttacker = async (world: FaultWorld): Promise<void> => {
  const attacker = attackers.get(world);
  if (attacker === undefined) throw new Error("nobody attacked");
  const { producer, seconds } = attacker;
  const refused = producer.statuses.get(429) ?? 0;
  const accepted = producer.accepted();
  if (refused < 5 * accepted) throw new Error(`the attacker was refused only ${refused} times beside ${accepted}`);
  if (producer.codes.get("quota_exceeded") !== refused) throw new Error("a 429 was for something else than the quota");
  if (!producer.refusalsAreComplete()) throw new Error("a 429 of the attacker came without Retry-After");
  if (accepted > SLACK * QUOTA * (seconds + world.pipeline.edges.length))
    throw new Error(`the attacker got ${accepted} events through in ${seconds} s`);
  const verdict = await judge(producer.attempts, world.pipeline.addresses.brokers, TOPIC, world.pipeline.sql);
  const { lost, corrupted, inversions, dead } = verdict;
  if (lost + corrupted + inversions + dead > 0) throw new Error(`of the attacker's events: ${JSON.stringify(verdict)}`);
};

export const quotaScenarios: readonly Scenario[] = [
  {
    id: "F73",
    fault:
      "a key sends ten times its quota through two edges, Redis frozen for 4 s and killed −9 for 4 s meanwhile: nobody else is refused",
    quick: true,
    during: "answers",
    own: {},
    edges: 2,
    edgeEnv: { API_KEYS: `${API_KEY},attacker:${ATTACKER}`, API_KEY_QUOTAS: `attacker=${QUOTA}/s` },
    relayEnv: { KAFKA_TOPIC_ROUTES: `attack.=${TOPIC}` },
    run: inTurn(
      attackWhile(inTurn(pause(6_000), frozenFor(redis, 4_000), pause(4_000), killedFor(redis, 4_000), pause(5_000))),
      isServedAgain,
    ),
    check: async (world) => {
      const refused = world.producer.statuses.get(429) ?? 0;
      if (refused > 0) throw new Error(`the other key was answered 429 ${refused} times`);
      await checkAttacker(world);
    },
  },
];
