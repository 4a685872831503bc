import { createMode, type EnteredFrom, type Mode } from "../mode.ts";

/**
 * What a relay does as one of several.
 *
 *   sharing ◀──▶ shedding        looks for its share / and gives up one shard above it
 *      └────┬────────┘
 *           ▼ told to stop
 *        leaving ──▶ left        takes nothing more, finishes and releases all that it has
 */
export type MembershipModeName = "sharing" | "shedding" | "leaving" | "left";

const enteredFrom: EnteredFrom<MembershipModeName> = {
  sharing: ["shedding"],
  shedding: ["sharing"],
  leaving: ["sharing", "shedding"],
  left: ["leaving"],
};

export const createMembershipMode = (owner: string): Mode<MembershipModeName> =>
  createMode<MembershipModeName>(`relay ${owner}`, enteredFrom, "sharing");
