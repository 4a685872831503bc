/** Ends the reading of a Postgres URL; the message is the reason, without any value. `readPostgresUrl` catches it. */
export class Refusal extends Error {}
