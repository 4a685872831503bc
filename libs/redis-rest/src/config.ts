import {
  ConfigError,
  type Environment,
  integerOr,
  listenSettings,
  readSettings,
  redisUrls,
  token,
  withDefault,
} from "@spillway/service";
import { defaultLimits, REQUEST_BYTES } from "./limits.ts";
import type { RedisRestOptions } from "./server.ts";

const MOST = Number.MAX_SAFE_INTEGER;

const settings = {
  ...listenSettings(8_079),
  TOKEN: token(1),
  REDIS_URL: withDefault(redisUrls(), ["redis://127.0.0.1:6379"]),
  CONNECTIONS: integerOr(1, 1_000, 4),
  BODY_BYTES_MAX: integerOr(1, MOST, defaultLimits.bodyBytesMax),
  BODY_MS_MAX: integerOr(1, 3_600_000, defaultLimits.bodyMsMax),
  COMMANDS_MAX: integerOr(1, 1_000_000, defaultLimits.commandsMax),
  INFLIGHT_BYTES_MAX: integerOr(0, MOST, 0),
  REPLY_MS_MAX: integerOr(1, 3_600_000, defaultLimits.replyMsMax),
};

/** At least one request of the largest size must fit, else it would be answered "busy" for ever. */
const inflightBytesMax = (given: number, bodyBytesMax: number): number => {
  const min = bodyBytesMax + REQUEST_BYTES;
  if (given === 0) return Math.max(defaultLimits.inflightBytesMax, min);
  if (given >= min) return given;
  throw new ConfigError([
    `INFLIGHT_BYTES_MAX: got ${given}; accepts at least BODY_BYTES_MAX and ${REQUEST_BYTES}, ${min}`,
  ]);
};

/** Reads the environment. Throws ConfigError for the settings it cannot start with. */
export const readConfig = (environment: Environment): RedisRestOptions => {
  const { values } = readSettings(settings, environment);
  return {
    host: values.HOST,
    port: values.PORT,
    redisUrls: values.REDIS_URL,
    token: values.TOKEN,
    connections: values.CONNECTIONS,
    limits: {
      bodyBytesMax: values.BODY_BYTES_MAX,
      bodyMsMax: values.BODY_MS_MAX,
      commandsMax: values.COMMANDS_MAX,
      inflightBytesMax: inflightBytesMax(values.INFLIGHT_BYTES_MAX, values.BODY_BYTES_MAX),
      replyMsMax: values.REPLY_MS_MAX,
    },
  };
};
