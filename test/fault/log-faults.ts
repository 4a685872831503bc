import type { Running } from "@spillway/backends";
import type { Producer } from "../support/producer.ts";
import type { Pipeline, Services } from "../support/world.ts";
import { type Forbidden, faultsIn, leaksIn, secrets } from "../telemetry/log-scan.ts";

/** What was posted, by its ids, keys, type and data, and what opens a door. */
const forbiddenOf = ({ attempts }: Producer): Forbidden => {
  const [first] = attempts.values();
  if (first === undefined) throw new Error("nothing was posted");
  return {
    ...secrets,
    "a payload":
      /specversion|order\.created|9007199254740993|"pad"|x{20}|eyJzcGVjdmVyc2lvbi|7b227370656376657273696f6e/,
    "an event's id": first.id.split("-", 1)[0] as string,
    "an event's key": /\bkey-\d|\blate-\d+/,
    "an unhandled rejection": /unhandled/i,
  };
};

/**
 * What must not be in a log of this scenario, and is; and each line of an app that is not one of the table in libs/telemetry. The REST
 * server has lines of its own.
 */
export const logFaults = async (services: Services, pipeline: Pipeline, producer: Producer): Promise<string[]> => {
  const forbidden = forbiddenOf(producer);
  const read = ({ logFile }: Running) => Bun.file(logFile).text();
  const ofApps = pipeline.apps.map(async (app) => ({ name: app.name, faults: faultsIn(await read(app), forbidden) }));
  const ofRest = { name: services.rest.name, faults: leaksIn(await read(services.rest), forbidden) };
  const all = [...(await Promise.all(ofApps)), ofRest];
  return all.flatMap(({ name, faults }) => faults.map((fault) => `${name} logged ${fault}`));
};
