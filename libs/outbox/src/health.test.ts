import { describe, expect, test } from "vitest";
import { warningsOf } from "./health.ts";

const sound = {
  synchronous_commit: "on",
  fsync: "on",
  full_page_writes: "on",
  read_only: false,
  persistence: "p",
  permitted: true,
  unmigrated: false,
  missing: 0,
};

describe("the warnings of a Postgres", () => {
  test("are none when it keeps what it commits", () => {
    for (const synchronous_commit of ["on", "local", "remote_write", "remote_apply"])
      expect(warningsOf({ ...sound, synchronous_commit })).toEqual([]);
  });

  test.each([
    [{ synchronous_commit: "off" }, "synchronous_commit=off"],
    [{ fsync: "off" }, "fsync=off"],
    [{ full_page_writes: "off" }, "full_page_writes=off"],
    [{ read_only: true }, "read-only"],
    [{ persistence: "u" }, "outbox is unlogged"],
    [{ persistence: null, permitted: null, unmigrated: true }, "not migrated: npm run migrate"],
    [
      { permitted: false },
      "its user may not insert into and select from outbox and shard_writers, and update the latter",
    ],
    [{ missing: 1 }, "tables of an older version: npm run migrate"],
  ])("name what breaks the promise: %o", (setting, warning) => {
    expect(warningsOf({ ...sound, ...setting })).toEqual([warning]);
  });
});
