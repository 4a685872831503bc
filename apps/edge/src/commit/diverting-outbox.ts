import { errorName, late, type StreamTier, within } from "@spillway/event";
import type { CommitParts, CommitterPorts } from "./committer.ts";
import type { GuardedTier } from "./guarded-tier.ts";

/**
 * A stream that is up answers in milliseconds. The insert leaves so much of the answer's time, always: a row that came late is
 * diverted like any other, or its edge could not reach Redis.
 */
export const DIVERT_MS = 80;

type Parts = Pick<CommitParts, "belonging" | "clock" | "gate" | "log" | "outbox"> & {
  readonly stream: Pick<GuardedTier, "isUp" | "tried">;
  readonly tier: Pick<CommitterPorts["stream"], "divert">;
};

/**
 * The outbox, of which what it has recorded is not said before the shard is diverted in Redis, where Redis can be reached:
 * else another edge would put a newer event of the same key into the stream. Each time anew, since the drain may have
 * moved what was recorded before, and ended the diversion. Not before it is recorded: a diversion of an
 * outbox that holds nothing, and that nobody can read now, would turn every edge away for nothing. What could not be diverted
 * is so with the next insert that is recorded, unless a read has meanwhile shown the outbox without it: its events may have no
 * answer yet (simulation, seed 726260: their request waited for another shard's insert), and other edges have not all looked.
 */
export const createDivertingOutbox = ({ outbox, stream, tier, belonging, gate, clock, log }: Parts): GuardedTier => {
  let undiverted: readonly number[] = [];

  const answerOf = async (shards: readonly number[]): ReturnType<StreamTier["divert"]> => {
    try {
      return await tier.divert(shards, DIVERT_MS);
    } catch (error) {
      log("error", "tier.threw", { tier: "stream", error: errorName(error) });
      return "internal";
    }
  };

  const divert = async (shards: readonly number[]): Promise<"ok" | "failed"> => {
    const code = await within(clock, DIVERT_MS, answerOf(shards));
    if (code === null) {
      undiverted = [];
      return "ok";
    }
    log("warn", "shard.not_diverted", { shards: shards.join(","), code: code === late ? "timeout" : code });
    return "failed";
  };

  return {
    ...outbox,
    append: async (chunks, untilMs) => {
      const answers = await outbox.append(chunks, untilMs - DIVERT_MS);
      const recorded = chunks.filter((_, i) => answers[i]?.kind === "ok").map(({ shard }) => shard);
      const left = undiverted.filter((shard) => !gate.isOpen(shard) && !recorded.includes(shard));
      undiverted = [...recorded, ...left];
      if (recorded.length > 0 && stream.isUp() && belonging.refusal("redis") === null)
        await stream.tried(() => divert(undiverted));
      return answers;
    },
  };
};
