import { eventually } from "@spillway/backends/eventually";
import type { ShardChunk, StreamTier } from "@spillway/event";
import { describe, expect, onTestFinished, test } from "vitest";
import { chunkOf, freshNames, hexOf } from "./chunks.ts";

/** What can be wrong with the server, and the code that says so. */
export const serverFaults = {
  frozen: "timeout",
  gone: "unreachable",
  "out of memory": "oom",
  "a replica": "readonly",
  "forbidden to run scripts": "forbidden",
  "waiting for a replica": "no_replicas",
} as const;
export type ServerFault = keyof typeof serverFaults;

/** The first tier on a server of which an installation has been written down, and which can be broken. */
export type FailingSubject = {
  readonly tier: StreamTier;
  stored(shard: number): Promise<readonly { readonly chunk: Uint8Array }[]>;
  begin(fault: ServerFault): Promise<void>;
  end(fault: ServerFault): Promise<void>;
  /** Puts something else where the shard's events belong. */
  spoil?(shard: number): Promise<void>;
  /** The server forgets every script. */
  forgetScripts?(): Promise<void>;
  /** Diverts a shard, as a relay that drains does. */
  divert(shard: number): Promise<void>;
  close(): Promise<void>;
};

export type FailingLimits = { readonly backlogEventsMax: number };

const DEADLINE_MS = 30_000;
/** Of a call that shall end by it. */
const SHORT_MS = 150;

const kindsOf = (answers: readonly { readonly kind: string }[]) => answers.map(({ kind }) => kind);

const all = Object.keys(serverFaults) as readonly ServerFault[];

/** What becomes of an edge's calls while the first tier's server fails, and after. `make` is called once a test. */
export const failingTierConformance = (
  name: string,
  make: (limits: FailingLimits) => Promise<FailingSubject>,
  faults: readonly ServerFault[] = all,
): void => {
  describe(`${name} as a tier that fails`, () => {
    const open = async (limits: FailingLimits = { backlogEventsMax: 1_000_000 }) => {
      const subject = await make(limits);
      onTestFinished(() => subject.close());
      const append = (chunks: readonly ShardChunk[], deadlineMs = DEADLINE_MS) =>
        subject.tier.append(chunks, deadlineMs);
      const goesOn = (chunk: ShardChunk) =>
        eventually("it is answered", async () => (await append([chunk], 1_000))[0]?.kind === "ok");
      return { ...subject, append, goesOn };
    };

    test.each(faults)("answers for a server that is %s, by code and in time, and goes on by itself", async (fault) => {
      const { tier, append, goesOn, begin, end, stored } = await open();
      const [before, chunk] = [chunkOf(0, freshNames(1)), chunkOf(0, freshNames(2))];
      expect(kindsOf(await append([before]))).toEqual(["ok"]);
      const code = serverFaults[fault];
      await begin(fault);
      try {
        // A connection that breaks at this very moment says so, and not yet why.
        await eventually("it is named", async () => {
          const [answer] = await append([chunk], SHORT_MS);
          if (answer?.kind === "ok") throw new Error("it was stored");
          return answer?.kind === "retriable" && answer.code === code;
        });
        expect(await tier.divert([1, 2], SHORT_MS)).toBe(fault === "out of memory" ? null : code);
        const { status, warnings } = await tier.health(SHORT_MS);
        expect(status === "down" || fault === "forbidden to run scripts").toBe(true);
        if (status === "down") expect(warnings).toContain(code);
      } finally {
        await end(fault);
      }
      await goesOn(chunk);
      await eventually("it is up", async () => (await tier.health(1_000)).status === "up");
      // The one in doubt is there once, whether it ran then, or now.
      expect((await stored(0)).map(hexOf)).toEqual([before, chunk].map(hexOf));
    });

    test("ends every call by its own deadline while the server is frozen, and does not pile up what was said meanwhile", async () => {
      const { append, goesOn, begin, end, stored } = await open();
      const chunks = Array.from({ length: 12 }, () => chunkOf(0, freshNames(1)));
      const [first = chunkOf(0, ["first"])] = chunks;
      await goesOn(first);
      await begin("frozen");
      try {
        for (const chunk of chunks) expect(await append([chunk], 20)).toEqual([{ kind: "retriable", code: "timeout" }]);
        const atOnce = await Promise.all(chunks.map((chunk, i) => append([chunk], 20 + i)));
        expect(atOnce.flat()).toEqual(chunks.map(() => ({ kind: "retriable", code: "timeout" })));
      } finally {
        await end("frozen");
      }
      for (const chunk of chunks) await goesOn(chunk);
      expect((await stored(0)).map(hexOf).sort()).toEqual(chunks.map(hexOf).sort());
    });

    test("says of a full and of a diverted shard what they are, and takes what others have room for", async () => {
      const { append, divert } = await open({ backlogEventsMax: 2 });
      expect(kindsOf(await append([chunkOf(0, freshNames(2)), chunkOf(1, freshNames(1))]))).toEqual(["ok", "ok"]);
      await divert(2);
      const chunks = [0, 1, 2, 3].map((shard) => chunkOf(shard, freshNames(1)));
      expect(kindsOf(await append(chunks))).toEqual(["full", "ok", "diverted", "ok"]);
    });
  });
};

/** What only a server has that speaks Redis's protocol. */
export const failingServerConformance = (name: string, make: () => Promise<FailingSubject>): void => {
  describe(`${name} as a server that fails`, () => {
    const open = async () => {
      const subject = await make();
      onTestFinished(() => subject.close());
      return subject;
    };

    test("goes on when the server has lost its scripts", async () => {
      const { tier, forgetScripts } = await open();
      const append = () => tier.append([chunkOf(0, freshNames(1)), chunkOf(1, freshNames(2))], DEADLINE_MS);
      for (let i = 0; i < 3; i++) {
        await forgetScripts?.();
        expect(kindsOf(await append())).toEqual(["ok", "ok"]);
        await forgetScripts?.();
        expect(await tier.divert([3], DEADLINE_MS)).toBeNull();
      }
    });

    test("keeps an error of one shard from the others", async () => {
      const { tier, spoil, stored } = await open();
      await spoil?.(1);
      const chunks = [0, 1, 2].map((shard) => chunkOf(shard, freshNames(2)));
      expect(await tier.append(chunks, DEADLINE_MS)).toMatchObject([
        { kind: "ok" },
        { kind: "retriable", code: "wrong_type" },
        { kind: "ok" },
      ]);
      for (const shard of [0, 2]) expect(await stored(shard)).toHaveLength(1);
    });

    test("has on disk what it said ok to when the server is killed, and goes on when it is back", async () => {
      const { tier, stored, begin, end } = await open();
      const sent: string[] = [];
      let isKilled = false;
      const load = (async () => {
        while (!isKilled) {
          const chunk = chunkOf(0, freshNames(1));
          const [answer] = await tier.append([chunk], 1_000);
          if (answer?.kind === "ok") sent.push(hexOf(chunk));
        }
      })();
      await eventually("appends are under way", () => sent.length > 50);
      await begin("gone");
      isKilled = true;
      await load;
      await end("gone");
      const after = chunkOf(1, freshNames(1));
      await eventually("it appends again", async () => (await tier.append([after], 1_000))[0]?.kind === "ok");
      const kept = (await stored(0)).map(hexOf);
      expect(kept.filter((hex) => sent.includes(hex))).toEqual(sent);
    });
  });
};
