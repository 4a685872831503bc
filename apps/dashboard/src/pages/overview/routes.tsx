/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { answerDone, answerFramed } from "../../answers.tsx";
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
    const page = <OverviewPage {...{ overview, points }} formToken={c.get("session").formToken} />;
    return answerFramed(c, ports, { page: "overview" }, page);
  });
  app.post("/loss", async (c) => {
    const events = await ports.acknowledgeLoss();
    ports.log("warn", "loss.acknowledged", { events });
    return answerDone(c, ports, "/", `${manyOf(events, "lost event")} acknowledged.`);
  });
};
