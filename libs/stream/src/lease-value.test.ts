import { expect, test } from "vitest";
import { leaseValue, parseLeaseValue } from "./lease-value.ts";

test("the lease's value holds the token and the owner, and is read back", () => {
  const lease = { owner: "relay-1/4711", token: 1763712345678 };
  expect(parseLeaseValue(leaseValue(lease))).toEqual(lease);
  for (const odd of ["", "x", " owner", "x owner", "1.5 owner"]) expect(parseLeaseValue(odd)).toBeNull();
});
