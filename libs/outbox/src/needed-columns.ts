/**
 * The columns that an app asks Postgres for, by table. Written out: read from `drizzle/src/schema.ts` they bring drizzle-orm into
 * the Worker's bundle, 9 KB of it with gzip. needed-columns.test.ts compares them with that schema.
 */
export const neededColumns: Readonly<Record<string, string>> = {
  installation: "one id namespace shards created_at",
  outbox: "id shard chunk events bytes created_at shards writer numbers put_by put_total dedup_keys",
  copies: "id shard key chunk events bytes created_at shards writer numbers dedup_keys",
  parking: "shard topic token since code events bytes died",
  parked_events: "id shard topic ref index chunk put_by number created_at dedup_key",
  dead_letters:
    "id shard entry index class code detail topic type partition_key traceparent tracestate dedup_key replay attempts received_at " +
    "bytes source event_id first_failed_at created_at replayed_at discarded_at discard_reason group_key",
  dead_letter_actions: "id letter action actor reason job created_at",
  dead_letter_jobs:
    "id kind state filter undoes actor address reason planned rate deaths_max cursor skipped order_key runner lease_until drained_at " +
    "created_at ended_at",
  audit: "id at actor address action subject reason result",
  users: "name role password_hash created_at disabled_at",
  sessions: "id_hash form_token user_name role created_at ends_at",
  shard_checkpoints:
    "shard token sequence epoch accepted duplicate relayed dead parked backlog_bytes unaccounted folded possible updated_at",
  shard_writers: "shard writer acknowledged had ended in_redis lost possible forgiven seen_at given_up retired_at",
  loss_acknowledgements: "id shard events actor created_at",
  schema_types: "type mode change",
  schema_versions: "id type version schema registered_by created_at",
  schema_changes: "one change",
};
