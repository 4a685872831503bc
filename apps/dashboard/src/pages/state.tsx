/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Level } from "../verdict/trouble.ts";
import { clockOf, durationOf, rateOf, secondOf } from "./format.ts";

/** A state is a word and a sign, and only then a colour. */
export const signs: Readonly<Record<Level, string>> = {
  broken: "■",
  degraded: "▲",
  unknown: "○",
  todo: "◆",
  well: "●",
};
export const levelWords: Readonly<Record<Level, string>> = {
  broken: "Broken",
  degraded: "Degraded",
  unknown: "Unknown",
  todo: "To do",
  well: "Well",
};

export const Sign = ({ level }: { readonly level: Level }) => (
  <span class={`sign ${level}`} role="img" aria-label={levelWords[level]}>
    {signs[level]}
  </span>
);

export const Unknown = () => <span class="unknown">unknown</span>;

export const Rate = ({ perSecond }: { readonly perSecond: number | null }) =>
  perSecond === null ? <Unknown /> : <span>{rateOf(perSecond)}</span>;

type MomentProps = { readonly atMs: number; readonly nowMs: number };

/** A time of day, whole on hover and for who copies it. */
export const Clock = ({ atMs, nowMs }: MomentProps) => (
  <time datetime={new Date(atMs).toISOString()} title={`${secondOf(atMs)} UTC`}>
    {clockOf(atMs, nowMs)}
  </time>
);

/** "01:46:16 (28 min)". */
export const Since = ({ atMs, nowMs }: MomentProps) => (
  <>
    <Clock atMs={atMs} nowMs={nowMs} /> ({durationOf(Math.max(0, nowMs - atMs))})
  </>
);
