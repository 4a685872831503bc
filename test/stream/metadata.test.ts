import type { RowRun } from "@spillway/event";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chunkOf, freshNames } from "../conformance/chunks.ts";
import { openStream, replaceEntry, type StreamServices, startStreamServices } from "./services.ts";

let services: StreamServices;
beforeAll(async () => {
  services = await startStreamServices();
});
afterAll(() => services.stop());

const NOTHING_PENDING = { relayed: 0, backlogBytes: 0 };

/** A shard whose only entry was appended with these duplicates, and what an observer of it needs. */
const open = async (known: number, fresh: number, rows: readonly RowRun[] = []) => {
  const { tier, stream, leases, namespace, close } = await openStream(services);
  const lease = await leases.take(0, "one", 60_000);
  if (lease === null) throw new Error("the shard is new");
  const key = `{${namespace}:0}:stream`;
  const duplicates = freshNames(known);
  const settleAll = async () => {
    const entries = await stream.read(0, "0", 10, 0);
    expect(await stream.settle(lease, { entries: entries.map(({ ref }) => ref), relayed: 0 })).toBe("ok");
    return entries;
  };
  if (known > 0) await tier.append([chunkOf(0, duplicates)], 30_000);
  await settleAll();
  const from = { writer: "k3f9", floor: 0 };
  await tier.append([{ ...chunkOf(0, [...duplicates, ...freshNames(fresh)]), from, rows }], 30_000);
  return { stream, key, settleAll, close, accepted: known + fresh };
};

const withBit = (text: string, bit: number): string => {
  const bytes = Buffer.from(text, "latin1");
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return bytes.toString("latin1");
};

describe("one flipped bit beside the chunk", () => {
  test.each<[number, number, ...RowRun[]]>([
    [0, 1],
    [1, 1],
    [3, 12],
    [1, 2, ["v1", 9, 2], [null, 0, 1]],
  ])("of %i duplicates and %i events is seen, and spoils no count, whichever it is", async (known, fresh, ...rows) => {
    const { stream, key, settleAll, close, accepted } = await open(known, fresh, rows);
    const [whole] = await stream.read(0, "0", 1, 0);
    const [entry] = await services.admin.xrange(key, "-", "+");
    const fields = (entry as [string, string[]])[1];
    let restored = fields;
    for (const place of [3, 5])
      for (let bit = 0; bit < 8 * (fields[place] ?? "").length; bit++) {
        const flipped = withBit(fields[place] ?? "", bit);
        // A character above 0x7f would be sent as two.
        if (Buffer.byteLength(flipped) !== flipped.length) continue;
        await replaceEntry(services.admin, key, () => fields.with(place, flipped));
        const what = `${fields.filter((_, i) => i % 2 === 1 && i > 1)} with ${JSON.stringify(flipped)}`;
        expect(await stream.read(0, "0", 1, 0), what).toMatchObject([
          { total: null, from: null, events: fresh, ref: whole?.ref },
        ]);
        const before = await services.admin.hgetall(key.replace(":stream", ":count"));
        await settleAll();
        expect(await stream.counts(0), what).toMatchObject({ ...NOTHING_PENDING, accepted, dead: accepted });
        restored = fields;
        await services.admin.xsetid(key, "0-0");
        await services.admin.xadd(key, whole?.id ?? "", ...restored);
        await services.admin.hset(key.replace(":stream", ":count"), before);
      }
    expect(await stream.read(0, "0", 1, 0)).toEqual([whole]);
    await close();
  });
});

describe("an entry that no append wrote", () => {
  test.each([
    ["a number beyond all backlogs", ["c", "AQBjaHVuaw==", "n", "99999999999:"]],
    ["such a number under every name", ["c", "AQ==", "n", "99999999999", "d", "x"]],
    ["a field that is doubled", ["c", "AQ==", "c", "AQ==", "n", "5:", "d", "5:5:"]],
    ["fields that are missing", ["c", "AQ=="]],
    ["fields of somebody else's", ["who", "knows what"]],
    ["a chunk that is no base64", ["c", "a b \u0000 é", "n", "1", "x", "1"]],
  ])("with %s can be settled, and counts nothing", async (_, fields) => {
    const { stream, key, settleAll, close, accepted } = await open(0, 2);
    await services.admin.xadd(key, "*", ...fields);
    expect(await settleAll()).toMatchObject([{ events: 2, total: 2 }, { total: null }]);
    expect(await stream.counts(0)).toMatchObject({ ...NOTHING_PENDING, accepted, dead: accepted });
    await close();
  });
});
