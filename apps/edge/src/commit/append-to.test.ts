import type { Appended } from "@spillway/event";
import { platform } from "@spillway/event/platform-node";
import { createTracesSpy } from "@spillway/telemetry/traces-spy";
import { expect, test } from "vitest";
import { createAppendTo } from "./append-to.ts";
import { Commit } from "./commit.ts";
import { eventOfShard } from "./edge-world.fixture.ts";
import type { GuardedTier } from "./guarded-tier.ts";
import { pack } from "./pack.ts";

const contextOf = (n: number) => `00-${"a".repeat(32)}-${String(n).padStart(16, "0")}-01`;

/** Of one request so many events. */
const waitingOf = (shard: number, within: string | undefined, events: number) => {
  const commit = new Commit(events, 0, within);
  return Array.from({ length: events }, (_, index) => {
    const event = eventOfShard(shard, `${within}-${shard}-${index}`);
    return { event, size: event.bytes.length, index, commit };
  });
};

const tierOf = (answers: readonly Appended[]) => ({ append: async () => answers }) as unknown as GuardedTier;
const ok: Appended = { kind: "ok", duplicates: [] };

test("an append is linked to each request that waits for it, of whichever shard, once", async () => {
  const traces = createTracesSpy();
  const appendTo = createAppendTo({ stream: tierOf([ok, ok]), outbox: tierOf([]), traces });
  const chunks = [
    pack([...waitingOf(0, contextOf(1), 2), ...waitingOf(0, undefined, 1)], 0, 0, platform),
    pack([...waitingOf(1, contextOf(1), 1), ...waitingOf(1, contextOf(2), 1)], 1, 0, platform),
  ];
  expect(await appendTo("stream", chunks, 0)).toEqual([ok, ok]);
  expect(traces.spans("append")).toMatchObject([
    { parent: null, links: [contextOf(1), contextOf(2)], failure: undefined, hasEnded: true },
  ]);
  expect(traces.spans("append")[0]?.attributes).toEqual({
    "spillway.tier": "stream",
    "spillway.chunks": 2,
    "spillway.events": 5,
  });
});

test.each([
  [[ok, { kind: "retriable", code: "timeout" }], "timeout"],
  [[{ kind: "full" }, ok], "full"],
] as const)("one of which a chunk was not taken failed by its code (%j)", async (answers, failure) => {
  const traces = createTracesSpy();
  const appendTo = createAppendTo({ stream: tierOf([]), outbox: tierOf(answers), traces });
  await appendTo("outbox", [pack(waitingOf(0, contextOf(1), 1), 0, 0, platform)], 0);
  expect(traces.spans("append")).toMatchObject([{ failure, attributes: { "spillway.tier": "outbox" } }]);
});
