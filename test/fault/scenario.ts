import type { Verdict } from "../support/checker.ts";
import type { Producer, ProducerOptions } from "../support/producer.ts";
import type { FaultProxy } from "../support/proxy.ts";
import type { Pipeline, PipelineOptions, Services, ServicesOptions } from "../support/world.ts";

/** Four links that can be cut, and everything that can be killed. */
export type FaultWorld = {
  readonly services: Services;
  readonly pipeline: Pipeline;
  readonly producer: Producer;
  readonly proxies: {
    readonly edgeToRedis: FaultProxy;
    readonly edgeToPostgres: FaultProxy;
    readonly relayToRedis: FaultProxy;
    readonly relayToPostgres: FaultProxy;
  };
  /** Seeded: the same seed makes the same choices. */
  readonly random: () => number;
  sleep(ms: number): Promise<void>;
};

/**
 * What clients must see while the fault lasts: `answers` = at least 100 events accepted; `refusals` = no 2xx at all, and
 * every answer is 503 with Retry-After; `either` = nothing is asked of the clients' side.
 */
type During = "answers" | "refusals" | "either";

export type Scenario = Pick<PipelineOptions, "edges" | "relays" | "edgeEnv" | "relayEnv"> & {
  /** How the edges reach Redis; by the REST server unless given. */
  readonly edgeOver?: "tcp";
  /** As in the list of faults that this suite implements. */
  readonly id: string;
  /** What is done to the system, in one sentence. */
  readonly fault: string;
  /** True for the dozen that run with `npm test`. */
  readonly quick?: boolean;
  readonly during: During;
  /** Puts the fault on, lasts as long as it is to last, and takes it off. */
  readonly run: (world: FaultWorld) => Promise<void>;
  /** Anything beyond the common checks; throws when it does not hold. */
  readonly check?: (world: FaultWorld, verdict: Verdict) => Promise<void> | void;
  /** A key goes from edge to edge, request by request, and only the first edge's link to Redis can be cut. */
  readonly roams?: boolean;
  readonly eventsPerSecond?: number;
  readonly batch?: number;
  readonly headersOf?: ProducerOptions["headersOf"];
  /** Inversions are measured by `check` then: what came in before a loss was seen may come out first. */
  readonly orderIsChecked?: boolean;
  /** Losses are measured by `check` then: Redis was emptied on purpose. */
  readonly lossIsChecked?: boolean;
  /** Also of what was answered to be in both tiers: both lose something. */
  readonly lossOfBothIsChecked?: boolean;
  /** A frozen edge cannot answer. */
  readonly slowAnswersAllowed?: boolean;
  /** Services of its own with these options, for faults that would spoil the shared ones. */
  readonly own?: ServicesOptions | "cluster";
};
