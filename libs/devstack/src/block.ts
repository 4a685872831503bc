import type { DevEnv } from "./dev-env.ts";

const RULE = "─".repeat(88);

const curlLine = (stack: Pick<DevEnv, "EDGE_URL" | "API_KEY">): string =>
  [
    `curl -sS ${stack.EDGE_URL}/v1/events -H 'authorization: Bearer ${stack.API_KEY}'`,
    `-H 'content-type: application/json' -d '{"type":"order.paid","subject":"customer-7","data":{"amount":42}}'`,
  ].join(" ");

/** Everything that a person needs after the start, in one piece. */
export const renderBlock = (
  stack: DevEnv,
  devEnvFile: string,
  arrivals: readonly string[] = [],
  heading = "Spillway runs. Ctrl-C ends all of it.",
): string => {
  const rows = [
    ["Edge", `${stack.EDGE_URL}/v1/events`],
    ["API key", stack.API_KEY],
    ["Dashboard", stack.DASHBOARD_URL],
    ["Password", stack.DASHBOARD_PASSWORD],
    ["Relay", stack.RELAY_URL],
    ["Kafka", `${stack.KAFKA_BROKERS}, topic ${stack.KAFKA_TOPIC}`],
    ["Redis", stack.REDIS_URL],
    ["Postgres", stack.DATABASE_URL],
    ["All of it", devEnvFile],
  ].map(([name = "", value = ""]) => `  ${name.padEnd(11)}${value}`);
  const kafka = arrivals.length === 0 ? [] : ["", "  Read back from Kafka:", ...arrivals.map((line) => `    ${line}`)];
  return ["", RULE, `  ${heading}`, "", ...rows, "", "  Send one:", `  ${curlLine(stack)}`, ...kafka, RULE, ""].join(
    "\n",
  );
};
