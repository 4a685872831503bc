/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { answerDone, answerFramed, decidingToken } from "../../answers.tsx";
import { audited } from "../../audited.ts";
import type { AddPage } from "../../env.ts";
import { manyOf } from "../format.ts";
import { OverviewPage } from "./page.tsx";

/** `/`, as a page and as JSON, and the button of a loss. */
export const addOverview: AddPage = (app, ports) => {
  app.get("/", async (c) => {
    if (c.req.query("from") === "login") return c.redirect("/", 303);
    const overview = await ports.watch.latest();
    if (c.req.header("accept")?.startsWith("application/json")) return c.json(overview);
    const points = ports.history.points("minutes");
    const page = <OverviewPage {...{ overview, points }} formToken={decidingToken(c)} />;
    return answerFramed(c, ports, { page: "overview" }, page);
  });
  app.post("/loss", async (c) => {
    const by = c.get("session").user.name;
    const text = await audited(c, ports, { action: "loss.acknowledge", subject: "what is told as lost" }, async () => {
      const events = await ports.acknowledgeLoss(by);
      ports.log("warn", "loss.acknowledged", { events });
      if (events === 0) return "Nothing is told as lost any more: it was acknowledged before.";
      return `${manyOf(events, "lost event")} acknowledged.`;
    });
    return answerDone(c, ports, "/", text);
  });
};
