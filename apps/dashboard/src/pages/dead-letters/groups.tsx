/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { GroupCount, LetterGroups } from "@spillway/dead-letters";
import { countOf } from "../format.ts";
import { Shown } from "../shown.tsx";
import { Table } from "../table.tsx";
import { Ago } from "../time.tsx";
import { Decide } from "./decide.tsx";
import { groupFields, queryString } from "./query.ts";

const BARS = "▁▂▃▄▅▆▇█";

/** Seven days as bars, and in words for who cannot see them. */
const Days = ({ days }: { readonly days: readonly number[] }) => {
  const most = Math.max(1, ...days);
  const bars = days.map((count) => BARS[Math.ceil((count / most) * (BARS.length - 1))]).join("");
  return (
    <span
      role="img"
      aria-label={`Of the last seven days, the oldest first: ${days.map(countOf).join(", ")}`}
      title={days.map(countOf).join(" · ")}
    >
      {bars}
    </span>
  );
};

const lettersOf = ({ letters, capped }: Pick<GroupCount, "letters" | "capped">): string =>
  `${countOf(letters)}${capped ? "+" : ""}`;

const nameOf = ({ deadLetterClass, type, code }: GroupCount): string => `${deadLetterClass}/${type ?? code}`;

const groupLine = (group: GroupCount, nowMs: number) => {
  const address = queryString(groupFields(group));
  return (
    <tr>
      <th scope="row">
        <a href={`/dead-letters${address}`}>
          <Shown text={group.code} max={80} />
        </a>{" "}
        <span class="tag">{group.deadLetterClass}</span>
        <p class="detail">
          <a href={`/dead-letters/${group.sampleId}`}>
            <Shown text={group.detail} max={160} />
          </a>
        </p>
      </th>
      <td data-name="Topic">
        <Shown text={group.topic} max={80} />
      </td>
      <td data-name="Type">
        <Shown text={group.type} max={80} />
      </td>
      <td class="number" data-name="Letters">
        {lettersOf(group)}
      </td>
      <td class="number" data-name="First">
        <Ago ms={group.firstAtMs} nowMs={nowMs} />
      </td>
      <td class="number" data-name="Last">
        <Ago ms={group.lastAtMs} nowMs={nowMs} />
      </td>
      <td data-name="7 days">
        <Days days={group.days} />
      </td>
      <td>
        <Decide fields={groupFields(group)} count={lettersOf(group)} about={nameOf(group)} />
      </td>
    </tr>
  );
};

type GroupsProps = { readonly found: LetterGroups | null; readonly nowMs: number };

/** What waits for a decision, by what it died of. */
export const Groups = ({ found, nowMs }: GroupsProps) => (
  <section>
    <Table
      class="letters"
      caption="Dead letters that wait for a decision, by what they died of"
      columns={{
        What: "text",
        Topic: "text",
        Type: "text",
        Letters: "number",
        First: "number",
        Last: "number",
        "7 days": "text",
        Decide: "text",
      }}
      rows={found?.groups ?? null}
      none="No dead letter waits for a decision."
      line={(group) => groupLine(group, nowMs)}
    />
    {found?.more ? (
      <p class="hint">There are more groups than the {found.groups.length} shown: search for them.</p>
    ) : null}
    <p>
      <a href="/dead-letters?status=waiting">All that wait, one by one</a> ·{" "}
      <a href="/dead-letters?status=replayed">Replayed</a> · <a href="/dead-letters?status=discarded">Discarded</a>
    </p>
  </section>
);
