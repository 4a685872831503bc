/** Settings of a topic by Kafka's own names; empty when we may not ask for them. */
export type TopicSettings = ReadonlyMap<string, string>;

const RETENTION = "retention.ms";
const CLEANUP = "cleanup.policy";
const TIMESTAMP_TYPE = "message.timestamp.type";
const BEFORE = "message.timestamp.before.max.ms";
/** Its name before Kafka 3.6. */
const DIFFERENCE = "message.timestamp.difference.max.ms";

export const settingNames: readonly string[] = [RETENTION, CLEANUP, TIMESTAMP_TYPE, BEFORE, DIFFERENCE];

/** For a topic whose settings we may not see: short, since a record deleted unseen is worse than a later time on it. */
export const RECORD_AGE_MS_UNKNOWN = 60_000;

/** A record has at least the other half of the topic's retention left when it gets there. */
const PART = 2;

/**
 * How old a record's time may be. Kafka refuses what is older than `message.timestamp.before.max.ms`, and deletes what is
 * older than `retention.ms` with its next check, read or not: 462 of 462 after 25 s without a relay and 20 s of retention.
 */
export const recordAgeMsMax = (settings: TopicSettings): number => {
  if (settings.get(TIMESTAMP_TYPE) === "LogAppendTime") return Number.POSITIVE_INFINITY;
  const retention = settings.get(RETENTION);
  const before = settings.get(BEFORE) ?? settings.get(DIFFERENCE);
  if (retention === undefined && before === undefined) return RECORD_AGE_MS_UNKNOWN;
  const deletes = settings.get(CLEANUP)?.includes("delete") ?? true;
  const limits = [deletes ? Number(retention ?? -1) : -1, Number(before ?? -1)].filter((ms) => ms >= 0);
  return Math.min(...limits) / PART;
};
