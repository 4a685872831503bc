/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { isLetterId, isReason, REASON_LENGTH_MAX } from "@spillway/dead-letters";
import { answerDone, answerFramed, answerMessage } from "../../answers.tsx";
import type { AddPage } from "../../env.ts";
import type { ActionResult } from "../../ports.ts";
import { DeadLetters } from "./page.tsx";

const textOf = (result: ActionResult, verb: string): string =>
  result.done > 0 ? `1 dead letter ${verb}.` : `Nothing was ${verb}: ${result.refusals.join("; ") || "it is gone"}.`;

export const addDeadLetters: AddPage = (app, ports) => {
  app.get("/dead-letters", async (c) => {
    const before = c.req.query("before") ?? null;
    if (before !== null && !isLetterId(before))
      return answerMessage(c, 400, "There is no dead letter before that one.");
    const letters = await ports.letters(before);
    const { formToken } = c.get("session");
    const page = <DeadLetters letters={letters} atMs={ports.clock.wallMs()} formToken={formToken} />;
    return answerFramed(c, ports, { page: "dead-letters" }, page);
  });
  app.post("/dead-letters/:id/:action{replay|discard}", async (c) => {
    const { id, action } = c.req.param();
    if (!isLetterId(id)) return answerMessage(c, 404, "There is no such dead letter.");
    const isReplay = action === "replay";
    const reason = c.get("fields").get("reason")?.trim() ?? "";
    if (!isReplay && !isReason(reason))
      return answerMessage(
        c,
        422,
        `A reason of 1 to ${REASON_LENGTH_MAX} characters is required, without control characters.`,
      );
    const result = await (isReplay ? ports.replay(id) : ports.discard(id, reason));
    ports.log("info", `dead-letter.${action}`, { id, done: result.done });
    return answerDone(c, ports, "/dead-letters", textOf(result, isReplay ? "replayed" : "discarded"));
  });
};
