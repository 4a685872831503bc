/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { isLetterId } from "@spillway/dead-letters";
import { answerFramed } from "../../answers.tsx";
import type { AddPage } from "../../env.ts";
import { EventPage } from "./page.tsx";

const eventPath = (id: string, query: string): string =>
  `/events/${encodeURIComponent(id)}${query === "" ? "" : `?${query}`}`;

/**
 * `/events/<id>?key=&source=`: what became of one event. `/events?id=…` leads there, and so does `/find?q=…`, unless that is the number of a
 * dead letter.
 */
export const addEvents: AddPage = (app, ports) => {
  app.get("/find", async (c) => {
    const text = (c.req.query("q") ?? "").trim();
    if (text === "") return c.redirect("/events", 303);
    const isLetter = isLetterId(text) && (await ports.letters.get(text)) !== null;
    return c.redirect(isLetter ? `/dead-letters/${text}` : eventPath(text, ""), 303);
  });
  app.get("/events", async (c) => {
    const { id, ...others } = c.req.query();
    if (!id) return answerFramed(c, ports, { page: "events" }, <EventPage asked={null} sight={null} nowMs={0} />);
    const said = Object.entries(others).filter(([, value]) => value !== "");
    return c.redirect(eventPath(id, new URLSearchParams(said).toString()), 303);
  });
  app.get("/events/:id", async (c) => {
    const asked = {
      id: c.req.param("id"),
      producer: c.req.query("key") || null,
      source: c.req.query("source") || null,
    };
    const sight = await ports.events(asked);
    const nowMs = ports.clock.wallMs();
    return answerFramed(c, ports, { page: "events" }, <EventPage asked={asked} sight={sight} nowMs={nowMs} />);
  });
};
