import type { Platform } from "@spillway/event";
import { type Environment, isLoopback } from "@spillway/service";
import { parseApiKeys } from "./api-keys-setting.ts";
import { parseDurabilityRoutes, parseKeyDurabilities } from "./durability-setting.ts";
import { parseKeyQuotas } from "./key-quotas-setting.ts";
import { parseKeySources } from "./key-sources-setting.ts";
import { parseKeyOrigins, parseOrigins } from "./origins-setting.ts";
import { parsePublishableKeys, publishableOf } from "./publishable-keys-setting.ts";
import { parseSchemaKeys } from "./schema-keys-setting.ts";

const nothing = {
  apiKeys: [],
  apiKeySources: [],
  apiKeyQuotas: [],
  apiKeyDurabilities: [],
  durabilityRoutes: [],
  schemaKeys: [],
  publishableKeys: [],
  corsOrigins: [],
};

/** The keys, and all that is said of them. Looks at the environment itself, so that what is wrong with them is said with all the rest. */
export const readKeys = (env: Environment, platform: Platform) => {
  const isDevelopment = env.ENVIRONMENT === "development";
  const apiKeys = parseApiKeys(env.API_KEYS ?? "", !isDevelopment, platform);
  if (typeof apiKeys === "string") return { ...nothing, wrong: [`API_KEYS: ${apiKeys}`] };
  const wrong: string[] = [];
  const or = <T>(variable: string, parsed: readonly T[] | string): readonly T[] => {
    if (typeof parsed !== "string") return parsed;
    wrong.push(`${variable}: ${parsed}`);
    return [];
  };
  const pages = or("PUBLISHABLE_KEYS", parsePublishableKeys(env.PUBLISHABLE_KEYS ?? "", platform, apiKeys));
  if (
    apiKeys.length + pages.length === 0 &&
    wrong.length === 0 &&
    !(isDevelopment && isLoopback(env.HOST || "127.0.0.1"))
  )
    wrong.push("API_KEYS: got nothing; accepts that only where ENVIRONMENT is development and HOST a loopback address");
  const names = new Set([...apiKeys, ...pages].map(({ name }) => name));
  const origins = or(
    "API_KEY_ORIGINS",
    parseKeyOrigins(env.API_KEY_ORIGINS ?? "", new Set(pages.map(({ name }) => name))),
  );
  const sources = or("API_KEY_SOURCES", parseKeySources(env.API_KEY_SOURCES ?? "", names));
  const apiKeyQuotas = or("API_KEY_QUOTAS", parseKeyQuotas(env.API_KEY_QUOTAS ?? "", names));
  const publishable = publishableOf(pages, origins, apiKeyQuotas, sources);
  const corsOrigins = or("CORS_ORIGINS", parseOrigins(env.CORS_ORIGINS ?? ""));
  return {
    apiKeys,
    apiKeySources: publishable.sources,
    apiKeyQuotas,
    apiKeyDurabilities: or("API_KEY_DURABILITY", parseKeyDurabilities(env.API_KEY_DURABILITY ?? "", names)),
    schemaKeys: or("SCHEMA_KEYS", parseSchemaKeys(env.SCHEMA_KEYS ?? "", new Set(apiKeys.map(({ name }) => name)))),
    durabilityRoutes: or("DURABILITY_ROUTES", parseDurabilityRoutes(env.DURABILITY_ROUTES ?? "")),
    publishableKeys: publishable.keys,
    // A page of a key's origin sends with it, so it may ask and read.
    corsOrigins: [...new Set([...corsOrigins, ...origins.map(({ origin }) => origin)])],
    wrong: [...wrong, ...(wrong.length === 0 ? publishable.wrong : [])],
  };
};
