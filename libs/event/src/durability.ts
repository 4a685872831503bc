/**
 * What an event's answer has to be worth, where that is more than the tier that took it. `both`: the stream and a copy in Postgres,
 * where they can be had, and the answer says what was. `required`: the same, or a refusal.
 */
export const durabilities = ["both", "required"] as const;
export type Durability = (typeof durabilities)[number];
