/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { BreakerRow, LetterPageView, OutboxRowView, ShardRow } from "../ports.ts";
import { bytesOf, countOf, durationOf } from "./format.ts";

const Unknown = () => <span class="unknown">unknown</span>;

const ShardLine = ({ row }: { row: ShardRow }) => {
  const { known } = row;
  if (known === null)
    return (
      <tr>
        <th scope="row">{row.shard}</th>
        <td colspan={6}>
          <Unknown />
        </td>
      </tr>
    );
  return (
    <tr>
      <th scope="row">{row.shard}</th>
      <td class="number">{known.oldestAgeMs === null ? "–" : durationOf(known.oldestAgeMs)}</td>
      <td class="number">{countOf(known.backlogEvents)}</td>
      <td class="number">{bytesOf(known.backlogBytes)}</td>
      <td class="number">{countOf(known.relayed)}</td>
      <td class="number">{countOf(known.dead)}</td>
      <td>
        {known.owner ?? <span class="bad">no relay</span>}
        {known.divertedForMs === null ? null : <span class="tag">diverted {durationOf(known.divertedForMs)}</span>}
      </td>
    </tr>
  );
};

export const Shards = ({ rows }: { rows: readonly ShardRow[] }) => (
  <section>
    <table>
      <caption>Shards: what waits for Kafka</caption>
      <thead>
        <tr>
          <th scope="col">Shard</th>
          <th scope="col" class="number">
            Oldest
          </th>
          <th scope="col" class="number">
            Backlog
          </th>
          <th scope="col" class="number">
            Stored
          </th>
          <th scope="col" class="number">
            Relayed
          </th>
          <th scope="col" class="number">
            Dead
          </th>
          <th scope="col">Relay</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <ShardLine row={row} />
        ))}
      </tbody>
    </table>
  </section>
);

export const Outbox = ({ rows, nowMs }: { rows: readonly OutboxRowView[] | null; nowMs: number }) => (
  <section>
    <table>
      <caption>Outbox: what waits to enter the stream</caption>
      <thead>
        <tr>
          <th scope="col">Shard</th>
          <th scope="col" class="number">
            Rows
          </th>
          <th scope="col" class="number">
            Events
          </th>
          <th scope="col" class="number">
            Oldest
          </th>
        </tr>
      </thead>
      <tbody>
        {rows === null || rows.length === 0 ? (
          <tr>
            <td colspan={4}>{rows === null ? <Unknown /> : "Empty."}</td>
          </tr>
        ) : (
          rows.map((row) => (
            <tr>
              <th scope="row">{row.shard}</th>
              <td class="number">{`${row.exact ? "" : "about "}${countOf(row.rows)}`}</td>
              <td class="number">{countOf(row.events)}</td>
              <td class="number">{durationOf(Math.max(0, nowMs - row.oldestAtMs))}</td>
            </tr>
          ))
        )}
      </tbody>
    </table>
  </section>
);

export const Breakers = ({ rows }: { rows: readonly BreakerRow[] }) => (
  <section>
    <table>
      <caption>Breakers: where the edge can write</caption>
      <tbody>
        {rows.map((row) => (
          <tr>
            <th scope="row">{row.name}</th>
            <td>
              <span class={`state ${row.status}`}>
                {{ up: "closed", down: "open", unknown: "unknown" }[row.status]}
              </span>
            </td>
            <td>{row.warnings.join("; ")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);

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

export const DeadLetters = ({
  page,
  nowMs,
  formToken,
}: {
  page: LetterPageView | null;
  nowMs: number;
  formToken: string;
}) => (
  <section>
    <table class="letters">
      <caption>Dead letters: what Kafka refused for good</caption>
      <thead>
        <tr>
          <th scope="col">Error</th>
          <th scope="col">Event</th>
          <th scope="col">Key</th>
          <th scope="col" class="number">
            Attempts
          </th>
          <th scope="col" class="number">
            Died
          </th>
          <th scope="col">Action</th>
        </tr>
      </thead>
      <tbody>
        {page === null || page.letters.length === 0 ? (
          <tr>
            <td colspan={6}>{page === null ? <Unknown /> : "None."}</td>
          </tr>
        ) : (
          page.letters.map((letter) => (
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
                  {durationOf(Math.max(0, nowMs - letter.createdAtMs))} ago
                </time>
              </td>
              <td>
                <Act id={letter.id} formToken={formToken} />
              </td>
            </tr>
          ))
        )}
      </tbody>
    </table>
    {page?.next ? <a href={`/?before=${page.next}`}>Older</a> : null}
  </section>
);
