import type { Hono } from "hono";
import type { Fields } from "./form.ts";
import type { Bindings, DashboardPorts } from "./ports.ts";
import type { Session } from "./session.ts";

/** What a request has once the guard let it through. */
export type Env = { Bindings: Bindings; Variables: { ports: DashboardPorts; session: Session; fields: Fields } };

/** Adds the routes of one page, which is a folder of `pages/`. */
export type AddPage = (app: Hono<Env>, ports: DashboardPorts) => void;
