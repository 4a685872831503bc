import { expect, test } from "vitest";
import { claimOf, labelOf, namesOf, readRoleNames } from "./claim.ts";

const ROLES = ["viewer", "operator"] as const;

test.each([
  [{ roles: ["a"] }, "roles", ["a"]],
  [{ realm_access: { roles: ["a", "b"] } }, "realm_access.roles", ["a", "b"]],
  [{ "https://spillway.example/roles": "a" }, "https://spillway.example/roles", ["a"]],
  [{ roles: ["a", 7, null, { b: 1 }] }, "roles", ["a"]],
  [{ roles: { operator: true } }, "roles", []],
  [{ roles: [["operator"]] }, "roles", []],
  [{ roles: true }, "roles", []],
  [{}, "roles", []],
  [{}, "constructor.name", []],
  [{}, "__proto__", []],
])("of %j the claim %s holds %j", (claims, name, expected) => {
  expect(namesOf(claimOf(claims, name))).toEqual(expected);
});

test.each([
  [{ email: "ann@example.com", name: "Ann" }, "ann@example.com"],
  [{ email: "ann@example.com", email_verified: false, preferred_username: "ann" }, "ann"],
  [{ email: "ann@example.com", email_verified: "false", name: "Ann" }, "Ann"],
  [{ name: "A\u202Enn\n" }, "Ann"],
  [{ name: " ", email: 7 }, null],
  [{ name: "x".repeat(1_000) }, "x".repeat(100)],
])("%j is called %j", (claims, expected) => {
  expect(labelOf(claims)).toBe(expected);
});

test("which name is which role", () => {
  expect(readRoleNames("cn=admins=operator, staff=viewer", ROLES)).toEqual(
    new Map([
      ["cn=admins", "operator"],
      ["staff", "viewer"],
    ]),
  );
  for (const text of ["admins", "admins=root", "=operator", "a=viewer,a=operator", "a=viewer,", ""])
    expect([text, readRoleNames(text, ROLES)]).toEqual([text, null]);
});
