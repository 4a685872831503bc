/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { LetterPage } from "@spillway/dead-letters";
import { durationOf } from "../format.ts";
import { Table } from "../table.tsx";

const Act = ({ id, formToken }: { id: string; formToken: string }) => (
  <div class="act">
    <form method="post" action={`/dead-letters/${id}/replay`}>
      <input type="hidden" name="form_token" value={formToken} />
      <button type="submit">Replay</button>
    </form>
    <details>
      <summary>Discard</summary>
      <form method="post" action={`/dead-letters/${id}/discard`}>
        <input type="hidden" name="form_token" value={formToken} />
        <label>
          Reason <input name="reason" required maxlength={500} />
        </label>
        <button type="submit">Discard</button>
      </form>
    </details>
  </div>
);

type DeadLettersProps = { readonly letters: LetterPage | null; readonly atMs: number; readonly formToken: string };

export const DeadLetters = ({ letters, atMs, formToken }: DeadLettersProps) => (
  <section>
    <Table
      class="letters"
      caption="Dead letters: what Kafka refused for good"
      columns={{ Error: "text", Event: "text", Key: "text", Attempts: "number", Died: "number", Action: "text" }}
      rows={letters?.letters ?? null}
      line={(letter) => (
        <tr>
          <td>
            <strong>{letter.code}</strong> <span class="tag">{letter.deadLetterClass}</span>
            <p class="detail">{letter.detail}</p>
          </td>
          <td>
            {letter.type ?? "–"}
            <p class="detail">
              {letter.source ?? "–"} · {letter.eventId ?? "–"}
            </p>
          </td>
          <td>{letter.partitionKey ?? "–"}</td>
          <td class="number">
            {letter.attempts}
            {letter.replay > 0 ? <span class="tag">replay {letter.replay}</span> : null}
          </td>
          <td class="number">
            <time datetime={new Date(letter.createdAtMs).toISOString()}>
              {durationOf(Math.max(0, atMs - letter.createdAtMs))} ago
            </time>
          </td>
          <td>
            <Act id={letter.id} formToken={formToken} />
          </td>
        </tr>
      )}
    />
    {letters?.next ? <a href={`/dead-letters?before=${letters.next}`}>Older</a> : null}
  </section>
);
