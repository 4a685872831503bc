/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { GroupCount, LetterGroups } from "@spillway/dead-letters";
import type { Counted } from "../../counted.ts";
import type { DecidingToken } from "../deciding.tsx";
import { countOf } from "../format.ts";
import { labelOf, Shown } from "../shown.tsx";
import { Clock } from "../state.tsx";
import { Table } from "../table.tsx";
import { Ago } from "../time.tsx";
import { Decide } from "./decide.tsx";
import { ADDRESS_LENGTH_MAX, groupFields, queryString } from "./query.ts";

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

const nameOf = ({ deadLetterClass, type, code }: GroupCount): string => `${deadLetterClass}/${labelOf(type ?? code)}`;

/** The address of a group, and of a job's plan over it. */
const hrefOf = (group: GroupCount, kind: string | null = null): string => {
  const address = queryString(groupFields(group), { kind });
  if (address.length > ADDRESS_LENGTH_MAX)
    return `/dead-letters/${group.sampleId}/group${kind === null ? "" : `?kind=${kind}`}`;
  return `${kind === null ? "/dead-letters" : "/jobs/new"}${address}`;
};

const groupLine = (group: GroupCount, nowMs: number, formToken: DecidingToken) => {
  return (
    <tr id={`group-${group.key}`} data-row tabindex={-1}>
      <th scope="row">
        <a href={hrefOf(group)}>
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
      {formToken === null ? null : (
        <td>
          <Decide
            planOf={(kind) => hrefOf(group, kind)}
            count={lettersOf(group)}
            about={nameOf(group)}
            formToken={formToken}
          />
        </td>
      )}
    </tr>
  );
};

/** On a page: what is written in events may take a kilobyte a group. */
const GROUPS_SHOWN = 25;

type GroupsProps = {
  readonly counted: Counted<LetterGroups> | null;
  /** How many of the largest come before these. */
  readonly skipped: number;
  readonly nowMs: number;
  readonly formToken: DecidingToken;
};

const GroupsPaging = ({ counted, skipped }: Pick<GroupsProps, "counted" | "skipped">) => {
  const groups = counted?.value.groups.length ?? 0;
  const next = skipped + GROUPS_SHOWN;
  return (
    <nav class="paging" aria-label="Groups">
      {skipped === 0 ? null : (
        <a rel="prev" href={`/dead-letters?groups=${Math.max(0, skipped - GROUPS_SHOWN)}`}>
          Larger groups
        </a>
      )}
      {next >= groups ? null : (
        <a rel="next" href={`/dead-letters?groups=${next}`}>
          {groups - next} smaller groups
        </a>
      )}
    </nav>
  );
};

/** What waits for a decision, by what it died of. */
export const Groups = ({ counted, skipped, nowMs, formToken }: GroupsProps) => (
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
        ...(formToken === null ? {} : { Decide: "text" as const }),
      }}
      rows={counted?.value.groups.slice(skipped, skipped + GROUPS_SHOWN) ?? null}
      none="No dead letter waits for a decision."
      line={(group) => groupLine(group, nowMs, formToken)}
    />
    <GroupsPaging counted={counted} skipped={skipped} />
    {counted?.value.more ? (
      <p class="hint">
        There are more groups than the {counted.value.groups.length} that are counted: search for them.
      </p>
    ) : null}
    {counted === null ? null : (
      <p class="hint">
        Counted at <Clock atMs={counted.atMs} nowMs={nowMs} />.
        {counted.value.groups.some(({ capped }) => capped) ? " Of groups with a + there are more." : ""}
      </p>
    )}
    <p>
      <a href="/dead-letters?status=waiting">All that wait, one by one</a> ·{" "}
      <a href="/dead-letters?status=replayed">Replayed</a> · <a href="/dead-letters?status=discarded">Discarded</a>
    </p>
  </section>
);
