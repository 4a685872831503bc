import type { Scenario } from "../scenario.ts";
import { accountsScenarios } from "./accounts.ts";
import { betweenEdgesScenarios } from "./between-edges.ts";
import { bothScenarios } from "./both.ts";
import { brokersScenarios } from "./brokers.ts";
import { failoverScenarios } from "./failover.ts";
import { kafkaScenarios } from "./kafka.ts";
import { linkScenarios } from "./links.ts";
import { lotScenarios } from "./lots.ts";
import { overTcp } from "./over-tcp.ts";
import { parkingScenarios } from "./parking.ts";
import { parkingMarkScenarios } from "./parking-marks.ts";
import { postgresScenarios } from "./postgres.ts";
import { powerScenarios } from "./power.ts";
import { processScenarios } from "./processes.ts";
import { quotaScenarios } from "./quotas.ts";
import { readinessScenarios } from "./readiness.ts";
import { redisScenarios } from "./redis.ts";
import { weakRedisScenarios } from "./weak-redis.ts";

const overHttp: readonly Scenario[] = [
  ...redisScenarios,
  ...accountsScenarios,
  ...powerScenarios,
  ...failoverScenarios,
  ...bothScenarios,
  ...linkScenarios,
  ...postgresScenarios,
  ...processScenarios,
  ...betweenEdgesScenarios,
  ...kafkaScenarios,
  ...brokersScenarios,
  ...parkingScenarios,
  ...lotScenarios,
  ...parkingMarkScenarios,
  ...quotaScenarios,
  ...readinessScenarios,
  ...weakRedisScenarios,
];

/** Every scenario, in the order of the path: stream, links, outbox, processes, Kafka, settings; then those that are met otherwise over TCP. */
export const scenarios: readonly Scenario[] = [...overHttp, ...overTcp(overHttp)];
