import { describe, expect, test } from "vitest";
import { judgeShards } from "./meta.ts";

describe("the number of shards", () => {
  test("agrees with the recorded one or is refused with a way out", () => {
    expect(judgeShards("ns", "4", 4)).toEqual({ kind: "agreed" });
    const refused = judgeShards("ns", "4", 8);
    expect(refused).toMatchObject({ kind: "disagreed", recorded: 4 });
    const reason = refused.kind === "disagreed" ? refused.reason : "";
    for (const part of ["SHARDS is 8", "set up with 4", "SHARDS=4", "HDEL ns:meta shards"])
      expect(reason).toContain(part);
  });

  test("is unknown when the answer makes no sense", () => {
    for (const odd of [null, undefined, "", "four", "0", "-1", "1.5", 4, ["4"], {}]) {
      expect(judgeShards("ns", odd, 4)).toEqual({ kind: "unknown", code: "odd_reply" });
    }
  });
});
