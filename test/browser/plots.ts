import type { Page } from "playwright-core";

/** What stands beside a plot, and the line that is drawn. */
type Drawn = {
  readonly name: string;
  readonly now: string;
  readonly said: string;
  readonly spoken: string;
  /** Each piece of the line as its corners. */
  readonly pieces: readonly (readonly (readonly [x: number, y: number])[])[];
};

const read = (): Drawn[] =>
  [...document.querySelectorAll(".plot")].map((plot) => ({
    name: plot.querySelector("figcaption")?.firstChild?.textContent?.trim() ?? "",
    now: plot.querySelector("b")?.textContent ?? "",
    said: plot.querySelector("figcaption span")?.textContent ?? "",
    spoken: plot.querySelector("svg")?.getAttribute("aria-label") ?? "",
    pieces: [...plot.querySelectorAll("path:not(.area)")].map((path) =>
      [...(path.getAttribute("d") ?? "").matchAll(/[ML]([\d.-]+) ([\d.-]+)/g)].map(
        ([, x, y]) => [Number(x), Number(y)] as const,
      ),
    ),
  }));

export const plotsOf = (page: Page): Promise<readonly Drawn[]> => page.evaluate(read);

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** From where to where a number may be that is written so. */
const rangeOf = (text: string): readonly [least: number, most: number] => {
  const [, digits = "", unit = ""] = /([\d,.]+)(?:\/s| (ms|s|min|h|d))?$/.exec(text) ?? [];
  const [value, scale] = [Number(digits.replaceAll(",", "")), UNITS[unit] ?? 1];
  const half = digits.includes(".") ? 0.05 : 0.5;
  return [Math.max(0, value - half) * scale, (value + half) * scale];
};

/** As `pages/plot.tsx` draws: the most of the line at 3, nothing at 49, in tenths. */
const heightsOf = (now: string, most: string): readonly [top: number, bottom: number] => {
  const [[least, atMost], [mostLeast, mostMost]] = [rangeOf(now), rangeOf(most)];
  if (mostMost <= 0.5 && mostLeast === 0) return [3, 49];
  return [49 - Math.min(1, atMost / mostLeast) * 46 - 0.1, 49 - (least / mostMost) * 46 + 0.1];
};

/** What the text beside the plots says and their lines do not. */
export const untruthsOf = (plots: readonly Drawn[]): readonly string[] =>
  plots.flatMap((plot) => {
    const { name, now, said, spoken, pieces } = plot;
    const wrong = (why: string) => [`${name}: ${why} (${JSON.stringify(plot)})`];
    const corners = pieces.flat();
    if (!spoken.endsWith(said)) return wrong("another thing is heard than is seen");
    if (corners.length === 0)
      return said === "nothing is known yet" && now === "unknown" ? [] : wrong("nothing is drawn");
    const [lastX, lastY] = corners.at(-1) ?? [0, 0];
    const isTold = now !== "unknown";
    if (isTold !== (lastX === 300)) return wrong("it ends at now where now is unknown, or the other way round");
    const [top, bottom] = heightsOf(now, said);
    if (isTold && (lastY < top || lastY > bottom)) return wrong(`it ends at ${lastY}, not within ${top} to ${bottom}`);
    const highest = Math.min(...corners.map(([, y]) => y));
    return highest === 3 || (highest === 49 && rangeOf(said)[0] === 0) ? [] : wrong(`its most is at ${highest}`);
  });
