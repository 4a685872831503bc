/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";
import { saidBy } from "../../verdict/look.ts";
import type { Level } from "../../verdict/trouble.ts";
import { percentOf } from "../../verdict/words.ts";
import type { Overview } from "../../watch/watch.ts";
import { countOf, manyOf } from "../format.ts";
import { Sign } from "../state.tsx";

type Station = { readonly level: Level; readonly says: Child };

const processes = (all: readonly { readonly said: { readonly status: string } | null }[]): Station => {
  const said = all.filter((one) => one.said !== null);
  const up = said.filter((one) => one.said?.status === "up").length;
  if (all.length === 0) return { level: "unknown", says: "not asked" };
  const level = said.length === 0 ? "broken" : up === all.length ? "well" : "degraded";
  const troubled = up < said.length ? ", troubled" : "";
  return { level, says: `${said.length} of ${all.length} there${troubled}` };
};

const redis = ({ shards, capacity }: Overview): Station => {
  if (shards.some(({ known }) => known === null)) return { level: "broken", says: "no answer" };
  return {
    level: "well",
    says: capacity.streamFill === null ? "fill unknown" : `${percentOf(capacity.streamFill)} full`,
  };
};

const postgres = ({ account }: Overview): Station => {
  if (account.outbox === null) return { level: "degraded", says: "no answer" };
  const waits = account.outbox + (account.parked ?? 0);
  return { level: waits > 0 ? "degraded" : "well", says: waits === 0 ? "nothing waits" : `${countOf(waits)} wait` };
};

const kafka = ({ relays }: Overview): Station => {
  const states = saidBy(relays).map(({ said }) => said.checks.kafka.status);
  if (states.length === 0 || states.every((state) => state === "unknown")) return { level: "unknown", says: "unknown" };
  if (states.every((state) => state === "down")) return { level: "broken", says: "no answer" };
  return states.includes("down") ? { level: "degraded", says: "not for all" } : { level: "well", says: "answers" };
};

const letters = ({ totals }: Overview): Station =>
  totals === null
    ? { level: "unknown", says: "unknown" }
    : { level: totals.total > 0 ? "todo" : "well", says: totals.total > 0 ? manyOf(totals.total, "letter") : "none" };

const StationLine = ({ name, station, href }: { name: string; station: Station; href: string }) => (
  <li>
    <a href={href}>{name}</a>
    <span>
      <Sign level={station.level} /> {station.says}
    </span>
  </li>
);

/** The way of an event, and how each station of it is. */
export const Path = ({ overview }: { overview: Overview }) => (
  <section>
    <h2>The way of an event</h2>
    <ol class="path">
      <StationLine name="Edge" station={processes(overview.edges)} href="/pipeline" />
      <StationLine name="Redis" station={redis(overview)} href="/lag" />
      <StationLine name="Relay" station={processes(overview.relays)} href="/lag" />
      <StationLine name="Kafka" station={kafka(overview)} href="/lag" />
    </ol>
    <ol class="path aside">
      <StationLine name="Postgres, the fallback" station={postgres(overview)} href="/lag" />
      <StationLine name="Dead letters" station={letters(overview)} href="/dead-letters" />
    </ol>
  </section>
);
