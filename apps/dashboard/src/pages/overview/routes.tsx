/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { answerDone, answerFramed } from "../../answers.tsx";
import type { AddPage } from "../../env.ts";
import { look } from "../../overview.ts";
import { OverviewPage } from "./page.tsx";

/** `/`, as a page and as JSON, and the button of a loss. */
export const addOverview: AddPage = (app, ports) => {
  app.get("/", async (c) => {
    if (c.req.query("from") === "login") return c.redirect("/", 303);
    const overview = await look(ports);
    if (c.req.header("accept")?.startsWith("application/json")) return c.json(overview);
    const page = <OverviewPage overview={overview} formToken={c.get("session").formToken} />;
    return answerFramed(c, ports, { page: "overview" }, page);
  });
  app.post("/loss", async (c) => {
    const events = await ports.acknowledgeLoss();
    ports.log("warn", "loss.acknowledged", { events });
    return answerDone(c, ports, "/", `${events} lost events acknowledged.`);
  });
};
