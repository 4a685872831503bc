/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { fullSentence } from "../../verdict/words.ts";
import type { Overview } from "../../watch/watch.ts";
import { countOf, durationOf } from "../format.ts";
import { Rate, Unknown } from "../state.tsx";

type FigureProps = {
  readonly of: string;
  readonly value: number | null;
  readonly sign?: string;
  readonly note?: string | undefined;
};

/** `sign` stands before it in the sum. */
const Figure = ({ of, value, sign, note }: FigureProps) => (
  <div class="figure" data-sign={sign}>
    <dt>
      {of}
      {note === undefined ? null : <span class="note">{note}</span>}
    </dt>
    <dd>{value === null ? <Unknown /> : countOf(value)}</dd>
  </div>
);

const partsOf = ({ stream, outbox, parked }: Overview["account"]): string | undefined => {
  const parts = Object.entries({ "in Redis": stream, "in Postgres": outbox, parked });
  const there = parts.filter(([, events]) => events === null || events > 0);
  return there.length === 0
    ? undefined
    : there.map(([name, events]) => (events === null ? `unknown ${name}` : `${countOf(events)} ${name}`)).join(" · ");
};

/** accepted = relayed + waiting + dead, and what is nowhere. */
export const AccountLine = ({ overview: { account, totals } }: { overview: Overview }) => (
  <section>
    <h2>Where every event is</h2>
    <dl class="account">
      <Figure of="accepted" value={account.accepted} note="since Redis was new" />
      <Figure sign="=" of="relayed to Kafka" value={account.relayed} />
      <Figure sign="+" of="waiting" value={account.waiting} note={partsOf(account)} />
      <Figure
        sign="+"
        of="dead"
        value={account.dead}
        note={totals === null ? "unknown to decide" : `${countOf(totals.total)}${totals.capped ? "+" : ""} to decide`}
      />
      <Figure sign="·" of="unaccounted" value={account.unaccounted} />
    </dl>
  </section>
);

/** A younger oldest event is on its way: what waits then says when was looked, and no more. */
const LATE_MS = 5_000;

const untilText = (overview: Overview): string => {
  const { account, capacity } = overview;
  if (account.waiting === null) return "How long that lasts is not known.";
  if (account.waiting === 0) return "Nothing waits.";
  if ((account.oldestMs ?? 0) < LATE_MS) return "It keeps up.";
  const full = fullSentence(overview);
  if (full !== "") return `${full}.`;
  return capacity.drainedInMs === null
    ? "It neither grows nor drains."
    : `Drained in ${durationOf(capacity.drainedInMs)}.`;
};

/** What moves, and for how long that goes well. */
export const FlowLine = ({ overview }: { overview: Overview }) => (
  <p class="flow">
    <span>
      in{" "}
      <b>
        <Rate perSecond={overview.flow.inPerSecond} />
      </b>
    </span>{" "}
    <span>
      out{" "}
      <b>
        <Rate perSecond={overview.flow.outPerSecond} />
      </b>
    </span>{" "}
    <span>
      oldest{" "}
      <b>
        {overview.account.waiting === null ? (
          <Unknown />
        ) : overview.account.oldestMs === null ? (
          "–"
        ) : (
          durationOf(overview.account.oldestMs)
        )}
      </b>
    </span>{" "}
    <span>{untilText(overview)}</span>
  </p>
);
