/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { answerFramed } from "../../answers.tsx";
import type { AddPage } from "../../env.ts";
import { EventPage } from "./page.tsx";

const textOf = (query: string | undefined, otherwise: string): string => (query ? query : otherwise);

/** `/events/<id>?key=&source=`: what became of one event. `/events?id=…` leads there. */
export const addEvents: AddPage = (app, ports) => {
  app.get("/events", async (c) => {
    const { id, ...others } = c.req.query();
    if (!id) return answerFramed(c, ports, { page: "events" }, <EventPage name={null} sight={null} nowMs={0} />);
    const query = new URLSearchParams(others).toString();
    return c.redirect(`/events/${encodeURIComponent(id)}${query === "" ? "" : `?${query}`}`, 303);
  });
  app.get("/events/:id", async (c) => {
    const producer = textOf(c.req.query("key"), "");
    const name = { producer, source: textOf(c.req.query("source"), `/${producer}`), id: c.req.param("id") };
    const sight = await ports.events(name);
    const nowMs = ports.clock.wallMs();
    return answerFramed(c, ports, { page: "events" }, <EventPage name={name} sight={sight} nowMs={nowMs} />);
  });
};
