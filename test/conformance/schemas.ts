import { type SchemaStore, Unavailable } from "@spillway/event";
import { describe, expect, onTestFinished, test } from "vitest";

export type SchemasSubject = {
  readonly schemas: SchemaStore;
  /** What the store stands on is not there. */
  begin(): Promise<void>;
  end(): Promise<void>;
  close(): Promise<void>;
};

const schema = '{"type":"object","title":"\\u00e9é 😀"}';
const DEADLINE_MS = 2_000;

/** What every `SchemaStore` must do. `make` is called once a test. */
export const schemasConformance = (name: string, make: () => Promise<SchemasSubject>): void => {
  describe(`${name} as a store of schemas`, () => {
    const open = async () => {
      const subject = await make();
      onTestFinished(() => subject.close());
      const { schemas } = subject;
      const since = (change: number) => schemas.changesSince(change, DEADLINE_MS);
      return { ...subject, since };
    };

    test("an empty one says so", async () => {
      const { schemas, since } = await open();
      expect(await schemas.place("order")).toEqual({ known: null, types: 0, bytes: 0 });
      expect(await since(0)).toEqual({ change: 0, changed: [] });
      expect(await schemas.setMode("order", "enforce")).toBe(false);
    });

    test("keeps each version as it came, the oldest first, a type in the mode that it was told", async () => {
      const { schemas } = await open();
      const first = await schemas.add("order", 1, schema, null, "shop");
      const second = await schemas.add("order", 2, "true", "enforce", "shop");
      const third = await schemas.add("order", 3, "{}", null, "shop");
      const other = await schemas.add("user", 1, "false", "off", "shop");
      expect(new Set([first, second, third, other].map((added) => added?.id)).size).toBe(4);
      const { known, types, bytes } = await schemas.place("order");
      expect(known).toEqual({
        type: "order",
        mode: "enforce",
        versions: [
          { id: first?.id, version: 1, schema },
          { id: second?.id, version: 2, schema: "true" },
          { id: third?.id, version: 3, schema: "{}" },
        ],
      });
      expect([types, bytes]).toEqual([2, new TextEncoder().encode(`${schema}true{}false`).length]);
    });

    test("warns by a first version unless it is told otherwise", async () => {
      const { schemas } = await open();
      await schemas.add("order", 1, schema, null, "shop");
      expect((await schemas.place("order")).known?.mode).toBe("warn");
    });

    test("a version is one's who comes first, and the other changes nothing", async () => {
      const { schemas, since } = await open();
      const both = ["one", "other"].map((text) => schemas.add("order", 1, JSON.stringify(text), null, text));
      const added = (await Promise.all(both)).filter((one) => one !== null);
      expect(added).toHaveLength(1);
      const { change } = await since(0);
      expect(await schemas.add("order", 1, "true", "enforce", "third")).toBeNull();
      expect((await schemas.place("order")).known?.mode).toBe("warn");
      expect((await since(change)).changed).toEqual([]);
    });

    test("who follows hears of each change once, of the whole type", async () => {
      const { schemas, since } = await open();
      await schemas.add("order", 1, schema, null, "shop");
      await schemas.add("user", 1, "true", null, "shop");
      const first = await since(0);
      expect(first.changed.map(({ type, mode, versions }) => [type, mode, versions.length]).toSorted()).toEqual([
        ["order", "warn", 1],
        ["user", "warn", 1],
      ]);
      expect(await since(first.change)).toEqual({ change: first.change, changed: [] });
      expect(await schemas.setMode("user", "enforce")).toBe(true);
      await schemas.add("order", 2, "{}", null, "shop");
      const second = await since(first.change);
      expect(second.change).toBeGreaterThan(first.change);
      expect(second.changed.map(({ type, mode, versions }) => [type, mode, versions.length]).toSorted()).toEqual([
        ["order", "warn", 2],
        ["user", "enforce", 1],
      ]);
    });

    test("who follows while many add at once misses none", async () => {
      const { schemas, since } = await open();
      const seen = new Set<string>();
      let change = 0;
      const look = async () => {
        const found = await since(change);
        change = found.change;
        for (const { type } of found.changed) seen.add(type);
      };
      const types = Array.from({ length: 40 }, (_, i) => `type-${i}`);
      let isOver = false;
      const adding = Promise.all(types.map((type) => schemas.add(type, 1, "true", null, "shop"))).then(() => {
        isOver = true;
      });
      while (!isOver) await look();
      await adding;
      await look();
      expect([...seen].toSorted()).toEqual(types.toSorted());
    });

    test("rejects with Unavailable while there is no answer, and goes on afterwards", async () => {
      const { schemas, since, begin, end } = await open();
      await schemas.add("order", 1, schema, null, "shop");
      await begin();
      for (const asked of [
        () => schemas.place("order"),
        () => schemas.add("order", 2, "true", null, "shop"),
        () => schemas.setMode("order", "off"),
        () => since(0),
      ])
        await expect(asked()).rejects.toBeInstanceOf(Unavailable);
      await end();
      await expect.poll(async () => (await schemas.place("order")).known?.versions.length, { timeout: 30_000 }).toBe(1);
    });
  });
};
