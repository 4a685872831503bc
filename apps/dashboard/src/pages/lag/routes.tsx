/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { answerFramed } from "../../answers.tsx";
import type { AddPage } from "../../env.ts";
import { LagPage } from "./page.tsx";

export const addLag: AddPage = (app, ports) => {
  app.get("/lag", async (c) =>
    answerFramed(c, ports, { page: "lag" }, <LagPage overview={await ports.watch.latest()} history={ports.history} />),
  );
};
