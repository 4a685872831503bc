/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { answerFramed } from "../../answers.tsx";
import type { AddPage } from "../../env.ts";
import { PipelinePage } from "./page.tsx";

export const addPipeline: AddPage = (app, ports) => {
  app.get("/pipeline", async (c) => {
    const page = <PipelinePage overview={await ports.watch.latest()} settings={ports.settings} />;
    return answerFramed(c, ports, { page: "pipeline" }, page);
  });
};
