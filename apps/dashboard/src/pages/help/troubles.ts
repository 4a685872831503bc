import type { TroubleKind } from "../../verdict/trouble.ts";

/** What a sentence of the verdict is about, what it means for the promises, and what to do. */
type Entry = { readonly what: string; readonly means: string; readonly next: string };

/** The worst first, as far as one can say before it happens. A kind without an entry does not compile. */
export const troubles: Readonly<Record<TroubleKind, Entry>> = {
  kafka: {
    what: "Kafka does not answer, or refuses the relay",
    means:
      "Clients notice nothing: events wait in Redis, and beyond its limit in Postgres, in order. Where it refuses, a login, a certificate or a right is missing. Nothing becomes a dead letter by it.",
    next: "Bring Kafka back, or correct the KAFKA_ settings of the relays. It drains by itself; the page says how long it has until it is full.",
  },
  "kafka-unknown": {
    what: "No relay could ask Kafka yet",
    means: "Whether events arrive there is not known: a relay has begun.",
    next: "Wait some seconds.",
  },
  redis: {
    what: "Redis does not answer",
    means: "New events go to Postgres, and clients get 202. What is in Redis waits there.",
    next: "Bring Redis back with its data: what waits in Postgres enters in order before newer events.",
  },
  postgres: {
    what: "Postgres does not answer",
    means: "There is no fallback, and no dead letter can be kept.",
    next: "Bring Postgres back; do not stop Redis meanwhile.",
  },
  unsaid: {
    what: "Postgres does not say how much waits, is parked, was lost, or is dead, or which jobs there are",
    means: "It answers other questions, so events are taken; that number is unknown, and not zero.",
    next: "A table may be missing: npm run migrate. Else see /readyz of the dashboard and its log.",
  },
  edge: {
    what: "An edge does not answer",
    means: "Where it is the only one clients get no answer; what was accepted is safe.",
    next: "Look at its process and its log.",
  },
  "edge-redis": {
    what: "An edge does not write to Redis",
    means: "Its events go to Postgres, and clients get 202; where that takes none either, 503.",
    next: "Nothing: it tries again by itself, several times a second.",
  },
  "edge-postgres": {
    what: "An edge does not write to Postgres",
    means: "It has no fallback: where Redis is full or gone its clients get 429 or 503.",
    next: "Where it is full, find what keeps events from Kafka; else it tries again by itself.",
  },
  refused: {
    what: "Requests were refused",
    means: "Clients were told when to come again; nothing of it was promised. A minute without one ends this.",
    next: "It depends on the reason, below.",
  },
  promise: {
    what: "Redis does not keep what it takes",
    means: "A crash of Redis would lose events that were promised.",
    next: "Set appendonly yes, appendfsync always, maxmemory-policy noeviction.",
  },
  loss: {
    what: "Events were accepted, and nobody knows where they are; or events may be lost",
    means:
      "Redis or Postgres lost what it had confirmed: a disk, a snapshot that was put back, an asynchronous standby. May be lost: an edge died when Redis lost data, and nobody can say whether the clients of those events were answered.",
    next: "Find out which, ask the clients of that time to send again with the same ids (repeats are dropped), then acknowledge it.",
  },
  relays: {
    what: "No relay is asked",
    means: "Whether events arrive in Kafka is not known.",
    next: "Set RELAY_URL of the dashboard to the relays' addresses.",
  },
  relay: {
    what: "A relay does not answer",
    means:
      "The others take over its shards within seconds. Where it is the only one events wait, and how Kafka is, is not known.",
    next: "Look at its process and its log; it goes on where it was.",
  },
  ownerless: {
    what: "No relay has a shard",
    means: "Its events wait; a relay that was killed is replaced within seconds.",
    next: "Start a relay. If one runs and does not take the shard, its log says why.",
  },
  parked: {
    what: "A topic takes nothing",
    means:
      "It is missing, forbidden or without a leader. Its events are parked in Postgres, in order; other topics go on.",
    next: "Create it, give the right, or start the broker; its events enter by themselves then.",
  },
  still: {
    what: "A topic or a shard stands still",
    means: "Its events wait where they are, in order. Why, is its state, below.",
    next: "It depends on the state and its code, below.",
  },
  detour: {
    what: "Events go by Postgres, or wait there",
    means: "A shard takes its new events there, so that their order holds, until what waits there has entered Redis.",
    next: "Nothing: it ends by itself.",
  },
  "fill-redis": {
    what: "A shard of Redis is nearly full",
    means: "Beyond its limit events go to Postgres, and clients notice nothing.",
    next: "Find what keeps events from Kafka.",
  },
  "fill-postgres": {
    what: "The outbox in Postgres is nearly full",
    means: "Beyond its limit clients get 429, and nothing of theirs is promised.",
    next: "Find what keeps events from Kafka, or raise OUTBOX_EVENTS_MAX.",
  },
  lag: {
    what: "Events wait, and nobody says why",
    means: "They are safe, and late.",
    next: "See on Lag which shard does not move; more relays help where all of them move.",
  },
  warning: {
    what: "An edge or a relay warns of a setting",
    means: "A promise of Spillway rests on it.",
    next: "Mend the setting that is named; it is looked at again by itself.",
  },
  checkpoint: {
    what: "The relays do not copy the counters of a shard to Postgres",
    means: "A loss in Redis would be told late, or not in full.",
    next: "See the relays' logs.",
  },
  job: {
    what: "A job stopped by itself",
    means: "More of its letters died again than it may cost. Those that it has not come to wait as before.",
    next: "Look what they died of, mend it, then let the job go on, or cancel it.",
  },
  group: {
    what: "A consumer group reads nothing",
    means: "Records wait for consumers downstream, which are others' work. Spillway has done its own, and goes on.",
    next: "See whether they run, before the topic's retention takes the records away.",
  },
  letters: {
    what: "Dead letters wait",
    means: "Kafka refused these events for good: too large, not valid. The others go on.",
    next: "Replay a group once its cause is mended, or discard it with a reason.",
  },
};
