/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { durationOf } from "./format.ts";

/** How long ago, and on hover exactly when. */
export const Ago = ({ ms, nowMs }: { readonly ms: number; readonly nowMs: number }) => (
  <time datetime={new Date(ms).toISOString()} title={new Date(ms).toISOString()}>
    {durationOf(Math.max(0, nowMs - ms))} ago
  </time>
);

/** Exactly when, in UTC. */
export const Moment = ({ ms }: { readonly ms: number }) => (
  <time datetime={new Date(ms).toISOString()}>{new Date(ms).toISOString().replace("T", " ").replace("Z", " UTC")}</time>
);
