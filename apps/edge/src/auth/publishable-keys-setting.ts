import type { Platform } from "@spillway/event";
import type { Quota } from "../quota/key-quota.ts";
import type { ApiKey } from "./api-key.ts";
import { parseApiKeys } from "./api-keys-setting.ts";
import type { BoundSource } from "./key-sources.ts";
import type { KeyOrigin } from "./origins-setting.ts";
import type { PublishableKey } from "./publishable-key.ts";

/** Reads `name:pk_…`, separated by commas. None has the name of a secret key: a page's ids would make a server's events duplicates. */
export const parsePublishableKeys = (
  setting: string,
  platform: Platform,
  secret: readonly ApiKey[],
): readonly ApiKey[] | string => {
  const keys = parseApiKeys(setting, true, platform, "publishable");
  if (typeof keys === "string") return keys;
  const names = new Set(secret.map(({ name }) => name));
  const shared = keys.findIndex(({ name }) => names.has(name));
  return shared < 0 ? keys : `entry ${shared + 1} has the name of a key of API_KEYS; each side needs its own`;
};

/** What a page's key must have besides, or it is open to everybody: sentences about what is missing. */
const missingOf = (
  name: string,
  origins: readonly KeyOrigin[],
  quotas: readonly Quota[],
  sources: readonly BoundSource[],
) => [
  ...(origins.some((one) => one.name === name)
    ? []
    : [`API_KEY_ORIGINS: got nothing of ${name}; a publishable key needs an origin`]),
  ...(quotas.some((one) => one.name === name && one.eventsPerSecond !== null)
    ? []
    : [`API_KEY_QUOTAS: got nothing of ${name}; a publishable key needs a quota of events`]),
  ...(sources.filter((one) => one.name === name).length > 1
    ? [`API_KEY_SOURCES: got several of ${name}; a publishable key has one source`]
    : []),
];

/** The publishable keys with their origins, the sources of all keys with theirs, and what is wrong. */
export const publishableOf = (
  keys: readonly ApiKey[],
  origins: readonly KeyOrigin[],
  quotas: readonly Quota[],
  sources: readonly BoundSource[],
) => {
  const names = [...new Set(keys.map(({ name }) => name))];
  const publishable = new Set(names);
  const fixed = names.map((name): BoundSource => {
    const prefix = sources.find((one) => one.name === name)?.prefix ?? `/${name}`;
    return { name, prefix, isWhole: true };
  });
  return {
    keys: keys.map(
      (key): PublishableKey => ({
        ...key,
        origins: origins.filter(({ name }) => name === key.name).map(({ origin }) => origin),
      }),
    ),
    sources: [...sources.filter(({ name }) => !publishable.has(name)), ...fixed],
    wrong: names.flatMap((name) => missingOf(name, origins, quotas, sources)),
  };
};
