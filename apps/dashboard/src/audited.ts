import { Unavailable } from "@spillway/event";
import type { Context } from "hono";
import type { Env } from "./env.ts";
import type { DashboardPorts } from "./ports.ts";

/** What cannot be written down first is not done: this is certain, and so another thing than an action without an answer. */
export class NotBegun extends Unavailable {}

type Action = { readonly action: string; readonly subject: string; readonly reason?: string };

/** Does what an operator asked for, once it is written down that it will be. `work` answers what came of it, in words. */
export const audited = async (
  c: Context<Env>,
  { audit, log }: DashboardPorts,
  { action, subject, reason }: Action,
  work: () => Promise<string>,
): Promise<string> => {
  const actor = c.get("session").user.name;
  const deed = { actor, address: c.env?.address ?? "unknown", action, subject, reason: reason || null };
  const id = await audit.begin(deed).catch((error: unknown) => {
    throw error instanceof Unavailable ? new NotBegun(error.code) : error;
  });
  const result = await work();
  // Done is done: a row without a result says that nobody knows, and the log says more.
  await audit.end(id, result).catch(() => log("warn", "audit.unfinished", { audit: id }));
  log("info", "operator.acted", { action, audit: id });
  return result;
};
