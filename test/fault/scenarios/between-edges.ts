import { broken, type Injection, inTurn, pause, relay } from "../injection.ts";
import type { Scenario } from "../scenario.ts";

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
    check: (_, { inversionsInWindow }) => {
      if (inversionsInWindow > 0) throw new Error(`${inversionsInWindow} inversions, and both edges reach Redis`);
    },
  },
];
