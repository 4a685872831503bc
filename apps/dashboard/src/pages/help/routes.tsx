/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { answerFramed } from "../../answers.tsx";
import type { AddPage } from "../../env.ts";
import { HelpPage } from "./page.tsx";

export const addHelp: AddPage = (app, ports) => {
  app.get("/help", (c) => answerFramed(c, ports, { page: "help" }, <HelpPage />));
};
