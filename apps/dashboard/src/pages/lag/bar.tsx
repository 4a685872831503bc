/** @jsxRuntime automatic @jsxImportSource hono/jsx */

const LEAST_MS = 10;
const MOST_MS = 86_400_000;
const WIDTH = 96;

/** From 10 ms to a day on one scale, so that a glance along the rows compares them. */
const shareOf = (ms: number): number =>
  Math.min(1, Math.max(0, Math.log10(Math.max(ms, LEAST_MS) / LEAST_MS) / Math.log10(MOST_MS / LEAST_MS)));

/** Beside the number, which says the same to who cannot see it. */
export const AgeBar = ({ ageMs }: { readonly ageMs: number }) => (
  <svg class="age" viewBox={`0 0 ${WIDTH} 8`} width={WIDTH} height="8" aria-hidden="true">
    <rect class="ground" width={WIDTH} height="8" />
    <rect class={ageMs > 10_000 ? "late" : "soon"} width={(shareOf(ageMs) * WIDTH).toFixed(1)} height="8" />
  </svg>
);
