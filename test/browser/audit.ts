import axe, { type AxeResults } from "axe-core";
import type { Page } from "playwright-core";

/** What axe-core finds on the page, one line a finding; by WCAG 2.2 AA and its own best practice. */
export const auditOf = async (page: Page): Promise<readonly string[]> => {
  // Not as a script of the page, which its CSP refuses.
  await page.evaluate(axe.source);
  const { violations }: AxeResults = await page.evaluate("axe.run()");
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
};
