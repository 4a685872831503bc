/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { answerFramed } from "../../answers.tsx";
import type { AddPage } from "../../env.ts";
import { Shown } from "../shown.tsx";
import { Table } from "../table.tsx";
import { Moment } from "../time.tsx";

/** `/audit`: who did what to what, why and from where, the newest first. */
export const addAudit: AddPage = (app, ports) => {
  app.get("/audit", async (c) => {
    const { entries, older } = await ports.audit.page(c.req.query("before") ?? null);
    const page = (
      <section>
        <Table
          class="letters"
          caption="Audit: what operators did"
          columns={{ When: "text", Who: "text", From: "text", What: "text", Reason: "text", Result: "text" }}
          rows={entries}
          none="Nothing was done yet."
          line={({ atMs, actor, address, action, subject, reason, result }) => (
            <tr>
              <td>
                <Moment ms={atMs} />
              </td>
              <td data-name="Who">
                <Shown text={actor} max={80} />
              </td>
              <td data-name="From">
                <Shown text={address} max={80} />
              </td>
              <td data-name="What">
                {action} <Shown text={subject} max={160} />
              </td>
              <td data-name="Reason">
                <Shown text={reason} />
              </td>
              <td data-name="Result">
                {result === null ? <span class="unknown">unknown</span> : <Shown text={result} />}
              </td>
            </tr>
          )}
        />
        {older === null ? null : (
          <a rel="next" href={`/audit?before=${older}`}>
            Older
          </a>
        )}
      </section>
    );
    return answerFramed(c, ports, { page: "audit" }, page);
  });
};
