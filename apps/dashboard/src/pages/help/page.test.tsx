/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { job, logIn, setUp, whole } from "../../app.fixture.tsx";
import { soundSights } from "../../sights.fixture.ts";
import { standstillWords } from "../../verdict/relays.ts";
import { levels } from "../../verdict/trouble.ts";
import { CLASSES, STATUSES } from "../dead-letters/query.ts";
import { STATES } from "../jobs/words.ts";
import { levelWords } from "../state.tsx";
import { HelpPage } from "./page.tsx";

const html = String(<HelpPage />);
const textOf = (piece: string): string =>
  piece
    .replace(/<[^>]*>/g, "")
    .replaceAll("&#39;", "'")
    .replace(/\s+/g, " ")
    .trim();
const terms = [...html.matchAll(/<dt>(.*?)<\/dt>/gs)].map(([, term = ""]) => textOf(term));
const help = textOf(html);

/** Words that pages show as the state of something: those of tags and badges, with their numbers left out. */
const badgesOf = (page: string): string[] =>
  [...page.matchAll(/<(\w+) class="(?:tag|environment \w+|state|note degraded)">(.*?)<\/\1>/gs)].map(
    ([, , text = ""]) => textOf(text).replace(/^life \d+$/, "life N"),
  );

/** What stands in the column that says how something is. */
const statesOf = (page: string): string[] =>
  [...page.matchAll(/<td data-(?:label|name)="State">(.*?)<\/td>/gs)].map(([, text = ""]) => textOf(text));

describe("/help has an entry for", () => {
  test.each(levels)("the level %s", (level) => {
    expect(terms.some((term) => term.endsWith(levelWords[level]))).toBe(true);
  });

  test.each(STATUSES.filter((status) => status !== "any"))("the state of a letter: %s", (status) =>
    expect(terms).toContain(status),
  );
  test.each(CLASSES)("the class %s", (kind) => expect(terms).toContain(kind));
  test.each(Object.values(STATES))("the state of a job: %s", (state) => expect(terms).toContain(state));

  test("each state of the relay's table, and the relay has no other in it than the verdict has words for", () => {
    const readme = readFileSync(new URL("../../../../relay/README.md", import.meta.url), "utf8");
    const table = readme.slice(readme.indexOf("### What stands still"), readme.indexOf("## Numbers"));
    const rows = [...table.matchAll(/^\| (`[^|]*?)(?: \(after[^|]*)? +\|/gm)].map(([, cell = ""]) => cell);
    // `old_rows` is the code of the state before it.
    const states = rows.flatMap((cell) => cell.match(/[a-z][a-z_-]+/g) ?? []).filter((word) => word !== "old_rows");
    expect(new Set(states)).toEqual(new Set(Object.keys(standstillWords)));
    for (const state of states) expect(terms).toContain(state);
  });

  test("what may be lost", () => expect(terms).toContain("may be lost"));

  test("whatever word a page shows as a state", async () => {
    const { app } = setUp({ jobs: { ...setUpJobs, page: async () => ({ jobs: allJobs, older: null }) } }, false, {
      page: async () => ({ letters: allLetters, older: null, newer: null, searched: null }),
    });
    const { cookie } = await logIn(app);
    const paths = ["/", "/lag", "/pipeline", "/dead-letters", "/dead-letters?status=any", "/dead-letters/7", "/jobs"];
    const pages = await Promise.all(
      [...paths, "/jobs/3", "/audit"].map(async (path) => (await app.request(path, { headers: { cookie } })).text()),
    );
    const shown = new Set(pages.flatMap((page) => [...badgesOf(page), ...statesOf(page)]));
    expect([...shown].filter((word) => !terms.some((term) => word.startsWith(term)))).toEqual([]);
    // Those are all that there are to be found.
    for (const word of [...CLASSES, "life N", "development", "stopped, since too many died again"])
      expect(shown).toContain(word);
  });
});

const allLetters = CLASSES.flatMap((deadLetterClass) =>
  (["waiting", "replayed", "discarded"] as const).map((status) => ({ ...whole, deadLetterClass, status, replay: 1 })),
);
const allJobs = (Object.keys(STATES) as (keyof typeof STATES)[]).map((state) => ({ ...job, state }));
const setUpJobs = {
  create: async () => ({ id: "3", isNew: true }),
  get: async () => job,
  counts: async () => ({ decided: 998, died: 1 }),
  move: async () => true,
};

test("each trouble of the verdict leads to its entry", async () => {
  const { app } = setUp({ ...noTotals, relays: async () => [] });
  const { cookie } = await logIn(app);
  const page = await (await app.request("/", { headers: { cookie } })).text();
  const anchors = [...page.matchAll(/href="\/help#([^"]+)"/g)].map(([, id = ""]) => id);
  expect(anchors).toEqual(expect.arrayContaining(["relays", "promise", "redis", "unsaid"]));
  for (const id of anchors) expect(html).toContain(`<div id="${id}">`);
  expect(help).toContain("No relay is asked");
});

const noTotals = { totals: async () => null, accounts: async () => soundSights.accounts };
