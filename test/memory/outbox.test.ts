import { type ShardChunk, systemClock } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { createMemoryWorld } from "@spillway/memory";
import { copiesConformance } from "../conformance/copies.ts";
import { deadLettersConformance } from "../conformance/dead-letters.ts";
import { ledgerConformance } from "../conformance/ledger.ts";
import { outboxDrainConformance } from "../conformance/outbox-drain.ts";
import { outboxTierConformance } from "../conformance/outbox-tier.ts";
import { REPLAY_SHARDS, replayConformance } from "../conformance/replay.ts";

const REPLAY_BYTES_MAX = 1_000_000;

const open = (clock = systemClock) => {
  const world = createMemoryWorld({
    clock,
    platform,
    shards: REPLAY_SHARDS,
    replayBytesMax: REPLAY_BYTES_MAX,
  });
  const begin = async (chunk: ShardChunk) => {
    const transaction = world.outbox.begin();
    transaction.insert(chunk);
    return { commit: async () => transaction.commit(), rollback: async () => transaction.rollback() };
  };
  const bringBack = world.rememberPostgres();
  return { ...world, begin, goBack: async () => bringBack(), close: async () => undefined };
};

outboxTierConformance("memory", async () => {
  const { outboxTier, outbox, begin, goBack, close } = open();
  const clear = async (shard: number) => void outbox.remove(outbox.rows(shard));
  return { tier: outboxTier, begin, goBack, clear, close };
});

copiesConformance("memory", async () => {
  let behindMs = 0;
  const clock = { ...systemClock, wallMs: () => systemClock.wallMs() - behindMs };
  const { copies, outboxTier, outboxDrain, ledger, close } = open(clock);
  const clockGoesBack = async (): Promise<void> => {
    behindMs = 3_600_000;
  };
  return { copies, tier: outboxTier, drain: outboxDrain, ledger, clockGoesBack, close };
});

outboxDrainConformance("memory", async () => {
  const { outboxDrain, outboxTier, ledger, begin, goBack, close } = open();
  return { drain: outboxDrain, tier: outboxTier, ledger, begin, goBack, close };
});

deadLettersConformance("memory", async () => {
  const { deadLetters, letters, close } = open();
  const all = async () => letters.all().map(({ id: _, replayedBy: __, diedAtMs: ___, ...letter }) => letter);
  return { deadLetters, all, close };
});

replayConformance("memory", async () => {
  const { deadLetters, replay, letters, outbox, close } = open();
  const rows = () => Array.from({ length: REPLAY_SHARDS }, (_, shard) => outbox.rows(shard)).flat();
  return {
    deadLetters,
    replay,
    ids: async () => letters.all().map(({ id }) => id),
    queued: async () => rows().sort((a, b) => Number(a.id) - Number(b.id)),
    bytesMax: REPLAY_BYTES_MAX,
    close,
  };
});

ledgerConformance("memory", async () => {
  const { ledger, close } = open();
  return {
    ledger,
    unaccounted: async (shard) => ledger.unaccounted(shard),
    possible: async (shard) => ledger.possible(shard),
    close,
  };
});
