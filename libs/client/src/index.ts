export type { Trouble } from "./apply-answer.ts";
export { type Client, createClient, type Left, type Sent } from "./client.ts";
export { ClientError } from "./client-error.ts";
export type { ClientEvent, TraceContext } from "./event.ts";
export type { EventStore, KeptEvent } from "./event-store.ts";
export type { ClientOptions } from "./options.ts";
export type { Outcome, Refusal } from "./outcome.ts";
