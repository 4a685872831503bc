import { eventually } from "@spillway/backends/eventually";
import type { Lease, Leases } from "@spillway/event";
import { describe, expect, onTestFinished, test } from "vitest";

export type LeasesSubject = { readonly leases: Leases; close(): Promise<void> };

const LONG_MS = 60_000;
/** Short enough to wait for, long enough that a slow machine gets two calls done within. */
const SHORT_MS = 1500;

/** What every `Leases` must do. `make` is called once a test. */
export const leasesConformance = (name: string, make: () => Promise<LeasesSubject>): void => {
  describe(`${name} as leases`, () => {
    const open = async () => {
      const subject = await make();
      onTestFinished(() => subject.close());
      return subject.leases;
    };

    test("gives a shard to one owner at a time", async () => {
      const leases = await open();
      const held = await leases.take(0, "one", LONG_MS);
      expect(held).toEqual({ shard: 0, owner: "one", token: expect.any(Number) });
      expect(await leases.take(0, "two", LONG_MS)).toBeNull();
      expect(await leases.take(1, "two", LONG_MS)).toMatchObject({ shard: 1, owner: "two" });
    });

    test("gives it to one of many that ask at once", async () => {
      const leases = await open();
      const owners = Array.from({ length: 20 }, (_, i) => `owner-${i}`);
      const taken = await Promise.all(owners.map((owner) => leases.take(0, owner, LONG_MS)));
      expect(taken.filter((lease) => lease !== null)).toHaveLength(1);
    });

    test("counts tokens up, across owners, releases and one's own renewed take", async () => {
      const leases = await open();
      const tokens: number[] = [];
      for (const owner of ["one", "one", "two", "one"]) {
        const lease = (await leases.take(0, owner, LONG_MS)) as Lease;
        tokens.push(lease.token);
        if (tokens.length > 1) await leases.release(lease);
      }
      expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
    });

    test("counts on above the token that is named, and never below its own", async () => {
      const leases = await open();
      const first = (await leases.take(0, "one", LONG_MS)) as Lease;
      const above = first.token + 5_000_000_000;
      const lifted = (await leases.take(0, "one", LONG_MS, above)) as Lease;
      expect(lifted.token).toBeGreaterThan(above);
      expect(await leases.renew(lifted, LONG_MS)).toBe(true);
      expect((await leases.take(0, "one", LONG_MS, first.token))?.token).toBeGreaterThan(lifted.token);
      expect((await leases.take(1, "one", LONG_MS, above))?.token).toBeGreaterThan(above);
    });

    test("fences one's own earlier life when one takes it again", async () => {
      const leases = await open();
      const old = (await leases.take(0, "one", LONG_MS)) as Lease;
      const held = (await leases.take(0, "one", LONG_MS)) as Lease;
      expect(await leases.renew(old, LONG_MS)).toBe(false);
      await leases.release(old);
      expect(await leases.take(0, "two", LONG_MS)).toBeNull();
      expect(await leases.renew(held, LONG_MS)).toBe(true);
    });

    test("frees it at once when it is released, and only by its owner", async () => {
      const leases = await open();
      const held = (await leases.take(0, "one", LONG_MS)) as Lease;
      await leases.release({ ...held, owner: "two" });
      await leases.release({ ...held, token: held.token + 1 });
      expect(await leases.take(0, "two", LONG_MS)).toBeNull();
      await leases.release(held);
      const next = await leases.take(0, "two", LONG_MS);
      expect(next).toMatchObject({ owner: "two" });
      await leases.release(held);
      expect(await leases.renew(next as Lease, LONG_MS)).toBe(true);
    });

    test("lets it lapse, after which the old owner cannot renew", async () => {
      const leases = await open();
      const held = (await leases.take(0, "one", SHORT_MS)) as Lease;
      const next = await eventually("the lease lapses", () => leases.take(0, "two", LONG_MS));
      expect(next.token).toBeGreaterThan(held.token);
      expect(await leases.renew(held, LONG_MS)).toBe(false);
      expect(await leases.take(0, "one", LONG_MS)).toBeNull();
    });

    test("keeps it as long as it is renewed", async () => {
      const leases = await open();
      const held = (await leases.take(0, "one", SHORT_MS)) as Lease;
      expect(await leases.renew(held, LONG_MS)).toBe(true);
      const other = (await leases.take(1, "one", SHORT_MS)) as Lease;
      await eventually("a lease of the same length lapses", () => leases.take(1, "two", LONG_MS));
      expect(await leases.renew(other, LONG_MS)).toBe(false);
      expect(await leases.take(0, "two", LONG_MS)).toBeNull();
    });

    test("names all owners that live, in the same order to each", async () => {
      const leases = await open();
      expect(await leases.announce("b", LONG_MS)).toEqual(["b"]);
      expect(await leases.announce("c", LONG_MS)).toEqual(["b", "c"]);
      expect(await leases.announce("a", LONG_MS)).toEqual(["a", "b", "c"]);
      expect(await leases.announce("c", LONG_MS)).toEqual(["a", "b", "c"]);
      await leases.withdraw("b");
      await leases.withdraw("b");
      expect(await leases.announce("c", LONG_MS)).toEqual(["a", "c"]);
    });

    test("forgets an owner that fell silent", async () => {
      const leases = await open();
      await leases.announce("one", SHORT_MS);
      expect(await leases.announce("two", LONG_MS)).toEqual(["one", "two"]);
      await eventually("it is forgotten", async () => (await leases.announce("two", LONG_MS)).length === 1);
    });
  });
};
