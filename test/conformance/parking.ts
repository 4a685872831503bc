import type { Lease, ParkedEvent, Parking } from "@spillway/event";
import { describe, expect, onTestFinished, test } from "vitest";

/** A parking on an empty backend of its own. */
export type ParkingSubject = { readonly parking: Parking; close(): Promise<void> };

const ROOM = { eventsMax: 1_000, bytesMax: 1_000_000 };
const TOPIC = "orders";
const OK = { kind: "ok" };

const leaseOf = (token: number, shard = 0): Lease => ({ shard, owner: `owner-${token}`, token });

const eventOf = (entry: number, index = 0, bytes = 8): ParkedEvent => ({
  ref: `${entry}-0 AQA=${entry}`,
  index,
  chunk: Uint8Array.from({ length: bytes }, (_, i) => (entry * 31 + i) & 255),
});

/** What every `Parking` must do. `make` is called once a test. */
export const parkingConformance = (name: string, make: () => Promise<ParkingSubject>): void => {
  describe(`${name} as the parking`, () => {
    const open = async (topic = TOPIC) => {
      const subject = await make();
      onTestFinished(() => subject.close());
      const { parking } = subject;
      const lease = leaseOf(7);
      expect(await parking.open(lease, topic, { code: "unknown_topic" })).toBe("ok");
      const put = (...events: readonly ParkedEvent[]) => parking.put(lease, topic, events, ROOM);
      const read = async (shard = 0, of = topic) =>
        (await parking.oldest(shard, of, "0", 1_000)).map(({ ref, index, chunk }) => ({
          ref,
          index,
          chunk: Uint8Array.from(chunk),
        }));
      const only = async () => (await parking.topics([0]))[0];
      return { parking, lease, put, read, only };
    };

    test("keeps every byte, in the order of the puts, each shard's topic apart", async () => {
      const { parking, put, read } = await open();
      const all = [eventOf(5, 0, 512), eventOf(5, 1), eventOf(3), eventOf(4)];
      expect(await put(...all.slice(0, 2))).toMatchObject(OK);
      expect(await put(...all.slice(2))).toMatchObject(OK);
      await parking.open(leaseOf(1, 2), TOPIC, null);
      expect(await parking.put(leaseOf(1, 2), TOPIC, [eventOf(5)], ROOM)).toMatchObject(OK);
      expect(await read()).toEqual(all);
      expect(await read(2)).toEqual([eventOf(5)]);
      expect(await read(0, "users")).toEqual([]);
    });

    test("takes an event once, however often and in whatever company it is put", async () => {
      const { put, read, only } = await open();
      await put(eventOf(1), eventOf(2));
      expect(await put(eventOf(2), eventOf(1), eventOf(3))).toMatchObject(OK);
      expect(await read()).toEqual([eventOf(1), eventOf(2), eventOf(3)]);
      expect(await only()).toMatchObject({ events: 3, bytes: 24 });
    });

    test("answers the first id of what is kept of them now", async () => {
      const { parking, put } = await open();
      await put(eventOf(1), eventOf(2));
      const [, second] = await parking.oldest(0, TOPIC, "0", 2);
      expect(await put(eventOf(2), eventOf(3))).toEqual({ kind: "ok", first: second?.id });
      expect(await put(eventOf(3), eventOf(2))).toEqual({ kind: "ok", first: second?.id });
      const [, , third] = await parking.oldest(0, TOPIC, "0", 3);
      expect(await put(eventOf(3), eventOf(4))).toEqual({ kind: "ok", first: third?.id });
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
      const { parking, put, read } = await open();
      await put(eventOf(1), eventOf(2));
      expect(await parking.open(leaseOf(8), TOPIC, null)).toBe("ok");
      expect(await put(eventOf(3))).toEqual({ kind: "fenced" });
      expect(await parking.open(leaseOf(7), TOPIC, null)).toBe("fenced");
      const [first] = await parking.oldest(0, TOPIC, "0", 1);
      await parking.remove(0, TOPIC, { relayed: first ? [first] : [], dead: [] });
      expect(await parking.put(leaseOf(8), TOPIC, [eventOf(3)], ROOM)).toMatchObject(OK);
      expect(await read()).toEqual([eventOf(2), eventOf(3)]);
    });

    test("takes nothing for a topic that was not opened", async () => {
      const { parking, lease } = await open();
      expect(await parking.put(lease, "users", [eventOf(1)], ROOM)).toEqual({ kind: "fenced" });
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
      const { parking, lease, read } = await open();
      await parking.open(leaseOf(1, 1), TOPIC, null);
      expect(await parking.put(leaseOf(1, 1), TOPIC, [eventOf(1), eventOf(2)], limits)).toMatchObject(OK);
      expect(await parking.put(lease, TOPIC, [eventOf(3), eventOf(4)], limits)).toMatchObject(OK);
      expect(await parking.put(lease, TOPIC, [eventOf(5)], limits)).toEqual({ kind: "full" });
      expect(await read()).toEqual([eventOf(3), eventOf(4)]);
      await parking.remove(1, TOPIC, {
        relayed: await parking.oldest(1, TOPIC, "0", 9),
        dead: [],
      });
      expect(await parking.put(lease, TOPIC, [eventOf(5)], limits)).toMatchObject(OK);
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
