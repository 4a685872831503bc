import type { Platform } from "@spillway/event";
import { ConfigError, type Environment, integerOr, readSettings } from "@spillway/service";
import type { Log } from "@spillway/telemetry";
import { readConfig } from "../config.ts";

/** The objects of a namespace, as Workers bind it. */
type Objects = {
  getByName(name: string): { fetch(request: Request): Promise<Response> };
};
/** Variables, secrets and the namespace of the edge's objects. */
export type Bindings = { readonly EDGE: Objects } & Readonly<Record<string, unknown>>;

const objects = { EDGE_OBJECTS: integerOr(1, 1_024, 1) };

/** Those of a Worker's bindings that are text. */
const textOf = (bindings: Bindings): Environment =>
  Object.fromEntries(
    Object.entries(bindings).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
  );

/** The settings of a Worker and of its objects. What is wrong with them is told to `log`, and thrown: there is no start that it could end. */
export const readBindings = (bindings: Bindings, platform: Platform, log: Log) => {
  const env = textOf(bindings);
  try {
    const { values } = readSettings(objects, env);
    return { config: readConfig(env, platform, "public"), objects: values.EDGE_OBJECTS };
  } catch (error) {
    if (error instanceof ConfigError) log("error", "config.refused", { reason: error.message });
    throw error;
  }
};
