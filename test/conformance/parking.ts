import type { Lease, ParkedEvent, Parking, ParkingLimits } from "@spillway/event";
import { describe, expect, onTestFinished, test } from "vitest";

/** A parking on an empty backend of its own. */
export type ParkingSubject = { readonly parking: Parking; close(): Promise<void> };

const ROOM = { eventsMax: 1_000, bytesMax: 1_000_000 };
const TOPIC = "orders";

const leaseOf = (token: number, shard = 0): Lease => ({ shard, owner: `owner-${token}`, token });

const eventOf = (entry: number, index = 0, bytes = 8): ParkedEvent => ({
  ref: `${entry}-0 AQA=${entry}`,
  index,
  chunk: Uint8Array.from({ length: bytes }, (_, i) => (entry * 31 + i) & 255),
});

/** Puts under a writer of its own for each call, and answers the kind. */
const createPuts = ({ parking }: ParkingSubject) => {
  let writers = 0;
  return async (lease: Lease, topic: string, events: readonly ParkedEvent[], limits: ParkingLimits = ROOM) =>
    (await parking.put(lease, topic, events, limits, { writer: `writer-${++writers}`, floor: 0 })).kind;
};

/** What every `Parking` must do. `make` is called once a test. */
export const parkingConformance = (name: string, make: () => Promise<ParkingSubject>): void => {
  describe(`${name} as the parking`, () => {
    const open = async (topic = TOPIC) => {
      const subject = await make();
      onTestFinished(() => subject.close());
      const { parking } = subject;
      const lease = leaseOf(7);
      expect(await parking.open(lease, topic, { code: "unknown_topic" })).toBe("ok");
      const puts = createPuts(subject);
      const put = (...events: readonly ParkedEvent[]) => puts(lease, topic, events);
      const read = async (shard = 0, of = topic) =>
        (await parking.oldest(shard, of, "0", 1_000)).map(({ ref, index, chunk }) => ({
          ref,
          index,
          chunk: Uint8Array.from(chunk),
        }));
      const only = async () => (await parking.topics([0]))[0];
      return { parking, lease, puts, put, read, only };
    };

    test("keeps every byte, in the order of the puts, each shard's topic apart", async () => {
      const { parking, puts, put, read } = await open();
      const all = [eventOf(5, 0, 512), eventOf(5, 1), eventOf(3), eventOf(4)];
      expect(await put(...all.slice(0, 2))).toBe("ok");
      expect(await put(...all.slice(2))).toBe("ok");
      await parking.open(leaseOf(1, 2), TOPIC, null);
      expect(await puts(leaseOf(1, 2), TOPIC, [eventOf(5)])).toBe("ok");
      expect(await read()).toEqual(all);
      expect(await read(2)).toEqual([eventOf(5)]);
      expect(await read(0, "users")).toEqual([]);
    });

    test("takes an event once, however often and in whatever company it is put", async () => {
      const { put, read, only } = await open();
      await put(eventOf(1), eventOf(2));
      expect(await put(eventOf(2), eventOf(1), eventOf(3))).toBe("ok");
      expect(await read()).toEqual([eventOf(1), eventOf(2), eventOf(3)]);
      expect(await only()).toMatchObject({ events: 3, bytes: 24 });
    });

    test("answers the first id of what is kept of them now", async () => {
      const { parking, lease, put } = await open();
      await put(eventOf(1), eventOf(2));
      const [, second] = await parking.oldest(0, TOPIC, "0", 2);
      let writers = 0;
      const firstOf = async (...events: readonly ParkedEvent[]) => {
        const answer = await parking.put(lease, TOPIC, events, ROOM, { writer: `w${++writers}`, floor: 0 });
        return answer.kind === "ok" ? answer.first : answer;
      };
      expect(await firstOf(eventOf(2), eventOf(3))).toBe(second?.id);
      expect(await firstOf(eventOf(3), eventOf(2))).toBe(second?.id);
      const [, , third] = await parking.oldest(0, TOPIC, "0", 3);
      expect(await firstOf(eventOf(3), eventOf(4))).toBe(third?.id);
    });

    test("numbers what it takes, names who has put what waited already, and takes nothing behind what it has had", async () => {
      const { parking, lease } = await open();
      const by = async (writer: string, floor: number, ...events: readonly ParkedEvent[]) => {
        const answer = await parking.put(lease, TOPIC, events, ROOM, { writer, floor });
        return answer.kind === "ok" ? { totals: answer.totals, duplicates: answer.duplicates } : answer.kind;
      };
      expect(await by("a", 0, eventOf(1), eventOf(2))).toEqual({ totals: [["a", 2]], duplicates: [] });
      expect(await by("a", 2, eventOf(3))).toEqual({ totals: [["a", 3]], duplicates: [] });
      expect(await by("b", 0, eventOf(4), eventOf(2), eventOf(5), eventOf(1))).toEqual({
        totals: [
          ["b", 4],
          ["a", 2],
        ],
        duplicates: [1, 3],
      });
      // Its own, of a term before.
      expect(await by("b", 4, eventOf(4), eventOf(6))).toEqual({ totals: [["b", 6]], duplicates: [0] });
      expect([await by("b", 4, eventOf(7)), await by("c", 1, eventOf(7))]).toEqual(["behind", "behind"]);
      const rows = await parking.oldest(0, TOPIC, "0", 100);
      expect(rows.map(({ ref, from }) => [ref.split("-")[0], from?.writer, from?.number])).toEqual([
        ["1", "a", 0],
        ["2", "a", 1],
        ["3", "a", 2],
        ["4", "b", 0],
        ["5", "b", 2],
        ["6", "b", 5],
      ]);
    });

    test("counts nothing of what it did not take", async () => {
      const { parking, lease } = await open();
      const put = (token: number, limits: ParkingLimits) =>
        parking.put(leaseOf(token), TOPIC, [eventOf(1)], limits, { writer: "a", floor: 0 });
      expect(await put(6, ROOM)).toEqual({ kind: "fenced" });
      expect(await put(lease.token, { eventsMax: 0, bytesMax: 0 })).toEqual({ kind: "full" });
      expect(await put(lease.token, ROOM)).toMatchObject({ kind: "ok", totals: [["a", 1]] });
    });

    test("pages by id", async () => {
      const { parking, put } = await open();
      await put(...Array.from({ length: 7 }, (_, i) => eventOf(i)));
      const seen: string[] = [];
      for (let after = "0"; ; ) {
        const rows = await parking.oldest(0, TOPIC, after, 3);
        if (rows.length === 0) break;
        seen.push(...rows.map(({ ref }) => ref));
        after = rows.at(-1)?.id ?? "";
      }
      expect(seen).toEqual(Array.from({ length: 7 }, (_, i) => eventOf(i).ref));
    });

    test("takes nothing of a former owner, and lets it remove what it has sent", async () => {
      const { parking, puts, put, read } = await open();
      await put(eventOf(1), eventOf(2));
      expect(await parking.open(leaseOf(8), TOPIC, null)).toBe("ok");
      expect(await put(eventOf(3))).toBe("fenced");
      expect(await parking.open(leaseOf(7), TOPIC, null)).toBe("fenced");
      const [first] = await parking.oldest(0, TOPIC, "0", 1);
      await parking.remove(0, TOPIC, { relayed: first ? [first] : [], dead: [] });
      expect(await puts(leaseOf(8), TOPIC, [eventOf(3)])).toBe("ok");
      expect(await read()).toEqual([eventOf(2), eventOf(3)]);
    });

    test("takes nothing for a topic that was not opened", async () => {
      const { lease, puts } = await open();
      expect(await puts(lease, "users", [eventOf(1)])).toBe("fenced");
    });

    test("counts what waits and what died, a repeated removal once", async () => {
      const { parking, put, read, only } = await open();
      await put(eventOf(1), eventOf(2), eventOf(3, 0, 100), eventOf(4));
      const three = await parking.oldest(0, TOPIC, "0", 3);
      const gone = { relayed: three.slice(0, 2), dead: three.slice(2) };
      await parking.remove(0, TOPIC, gone);
      await parking.remove(0, TOPIC, gone);
      expect(await only()).toMatchObject({ shard: 0, topic: TOPIC, token: 7, events: 1, bytes: 8, died: 1 });
      expect(await read()).toEqual([eventOf(4)]);
    });

    test.each([
      ["events", { eventsMax: 3, bytesMax: 1_000 }],
      ["bytes", { eventsMax: 1_000, bytesMax: 24 }],
    ])("is full in %s, of all shards together, and takes nothing then", async (_name, limits) => {
      const { parking, puts, lease, read } = await open();
      await parking.open(leaseOf(1, 1), TOPIC, null);
      expect(await puts(leaseOf(1, 1), TOPIC, [eventOf(1), eventOf(2)], limits)).toBe("ok");
      expect(await puts(lease, TOPIC, [eventOf(3), eventOf(4)], limits)).toBe("ok");
      expect(await puts(lease, TOPIC, [eventOf(5)], limits)).toBe("full");
      expect(await read()).toEqual([eventOf(3), eventOf(4)]);
      await parking.remove(1, TOPIC, {
        relayed: await parking.oldest(1, TOPIC, "0", 9),
        dead: [],
      });
      expect(await puts(lease, TOPIC, [eventOf(5)], limits)).toBe("ok");
    });

    test("says why and since when until nothing waits any more", async () => {
      const { parking, lease, put, only } = await open();
      const { sinceMs } = (await only()) ?? {};
      expect(sinceMs).toBeGreaterThan(0);
      await put(eventOf(1));
      await parking.open(lease, TOPIC, { code: "not_leader" });
      await parking.open(leaseOf(8), TOPIC, null);
      expect(await only()).toMatchObject({ code: "unknown_topic", sinceMs });
      await parking.remove(0, TOPIC, {
        relayed: await parking.oldest(0, TOPIC, "0", 9),
        dead: [],
      });
      await parking.open(leaseOf(8), TOPIC, { code: "not_leader" });
      expect(await only()).toMatchObject({ code: "not_leader", events: 0 });
    });
  });
};
