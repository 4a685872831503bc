import { Unavailable } from "@spillway/event";
import { expect, test } from "vitest";
import { installationOf } from "./installation.ts";

test("the installation is read from two fields; the number alone is of a time before there were ids", () => {
  expect(installationOf("ns", "a", "4")).toEqual({ id: "a", namespace: "ns", shards: 4 });
  expect(installationOf("ns", null, null)).toBeNull();
  expect(installationOf("ns", null, "4")).toBeNull();
});

test("what makes no sense is no answer", () => {
  for (const odd of [null, undefined, "", "four", "0", "-1", "1.5", 4, ["4"], {}])
    expect(() => installationOf("ns", "a", odd)).toThrow(Unavailable);
  for (const odd of [undefined, "", 4, {}]) expect(() => installationOf("ns", odd, "4")).toThrow(Unavailable);
});
