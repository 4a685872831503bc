import type { Verdict } from "../../support/checker.ts";
import { broken, frozenFor, type Injection, inTurn, kafka, pause, relay, times } from "../injection.ts";
import type { FaultWorld, Scenario } from "../scenario.ts";

const CUT_MS = 4_000;

const refused: Injection = broken("edgeToRedis", { kind: "refuse" }, CUT_MS);

/** Nobody diverts a shard in Redis meanwhile: the first edge cannot, and no relay sees the rows. */
const withoutRelay =
  (injection: Injection): Injection =>
  async (world) => {
    await relay(world).kill();
    await injection(world);
    await relay(world).restart();
  };

/** Both edges reach Redis: what the outbox has taken is diverted before anybody hears of it. */
const nothingTooEarly = (_: FaultWorld, { inversionsInWindow }: Verdict): void => {
  if (inversionsInWindow > 0) throw new Error(`${inversionsInWindow} inversions, and both edges reach Redis`);
};

/** The checker allows what was sent within a second of an answer by the outbox, and nothing else. */
const between: Pick<Scenario, "edges" | "roams" | "during"> = { edges: 2, roams: true, during: "answers" };

export const betweenEdgesScenarios: readonly Scenario[] = [
  {
    id: "F72",
    fault: "two edges in turn for each key, and the first one → Redis refused for 4 s",
    ...between,
    run: refused,
  },
  {
    id: "F72b",
    fault: "the same without a relay: what the second edge puts into the stream within a second may be too early",
    quick: true,
    ...between,
    run: withoutRelay(inTurn(refused, pause(1_000))),
  },
  {
    id: "F72c",
    fault:
      "two edges in turn for each key, no relay for 5 s and the backlog full: both reach Redis, and nothing may be too early",
    ...between,
    edgeEnv: { BACKLOG_EVENTS_MAX: "200" },
    relayEnv: { BACKLOG_EVENTS_MAX: "200" },
    run: withoutRelay(pause(5_000)),
    check: nothingTooEarly,
  },
  {
    id: "F72d",
    fault: "the same with a relay, and Kafka stopped for 5 s, three times: it drains and opens the shards all the time",
    ...between,
    edgeEnv: { BACKLOG_EVENTS_MAX: "200" },
    relayEnv: { BACKLOG_EVENTS_MAX: "200" },
    run: times(3, frozenFor(kafka, 5_000), pause(2_000)),
    check: nothingTooEarly,
  },
];
