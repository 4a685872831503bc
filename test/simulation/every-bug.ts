import type { Bug } from "./bug.ts";
import { bugsOfTheAccounts } from "./bugs-of-the-accounts.ts";
import { bugsOfTheCopies } from "./bugs-of-the-copies.ts";
import { bugsOfTheDrain } from "./bugs-of-the-drain.ts";
import { bugsOfTheEdge } from "./bugs-of-the-edge.ts";
import { bugsOfTheLookups } from "./bugs-of-the-lookups.ts";
import { bugsOfTheParking } from "./bugs-of-the-parking.ts";
import { bugsOfTheRelay } from "./bugs-of-the-relay.ts";

/** Every seeded bug by the sentence that says what is wrong. */
export const everyBug: Readonly<Record<string, Bug>> = {
  ...bugsOfTheEdge,
  ...bugsOfTheDrain,
  ...bugsOfTheCopies,
  ...bugsOfTheRelay,
  ...bugsOfTheParking,
  ...bugsOfTheAccounts,
  ...bugsOfTheLookups,
};
