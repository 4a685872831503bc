import { readFile } from "node:fs/promises";
import type { Running } from "@spillway/backends";
import { createDeadLetters } from "@spillway/dead-letters";
import { openDatabase } from "@spillway/postgres";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { letterOf } from "../conformance/dead-letters.ts";
import { startDashboard } from "../support/dashboard.ts";
import { API_KEY, type Pipeline, type Services, startPipeline, startServices } from "../support/world.ts";
import { logIn, type Operator, openBrowser } from "./operator.ts";

/* Events that are written to harm who looks at them: inert on every page, whole in every download, and no formula in any cell. */
const TEXTS = [
  "<script>window.owned = 1</script>",
  `"'><img src=x onerror="window.owned = 1">`,
  "\u202egnp.exe\u2066\u200b",
  "=cmd|'/C calc'!A0",
  '=HYPERLINK("http://evil.example","a")',
  "+1+1",
  "-2+3",
  "@SUM(A1)",
  "\t=1",
  "\r=1",
  " =1",
  "\uff1d1",
  "a\r\nb,c",
  `'=1`,
  "plain",
];
const encoder = new TextEncoder();
const MIB = "<script>window.owned = 1</script>".repeat(31_776);
const BODIES: readonly Uint8Array[] = [
  ...TEXTS.map((text) => encoder.encode(JSON.stringify({ specversion: "1.0", id: text, source: text, type: text }))),
  ...TEXTS.map((text) => encoder.encode(text)),
  encoder.encode(MIB),
  Uint8Array.from({ length: 512 }, (_, i) => i & 255),
  Uint8Array.of(0xef, 0xbb, 0xbf, 0x3d, 0x31),
  new Uint8Array(),
];
let services: Services;
let pipeline: Pipeline;
let dashboard: Running;
let browser: Browser;
let operator: Operator;

beforeAll(async () => {
  [services, browser] = await Promise.all([startServices(), openBrowser()]);
  pipeline = await startPipeline(services, {});
  dashboard = await startDashboard(services, pipeline);
  const database = openDatabase({ url: pipeline.addresses.databaseUrl });
  const textAt = (i: number) => TEXTS[i % TEXTS.length] ?? "";
  const letters = BODIES.map((bytes, i) => {
    const text = textAt(i);
    return letterOf({
      bytes,
      type: text,
      topic: text,
      partitionKey: text,
      code: text,
      detail: text,
      traceparent: text,
    });
  });
  await createDeadLetters({ database }).put(letters);
  await database.close();
  operator = await logIn(browser, dashboard, { acceptDownloads: true });
});
afterAll(async () => {
  await browser?.close();
  await dashboard?.stop();
  await pipeline?.stop();
  await services?.stop();
});

type Row = Readonly<Record<string, unknown>> & { readonly content: Uint8Array };

/** As Postgres has them, in the order and by the names of the export. */
const rowsOf = () => pipeline.sql<Row[]>`
  select id::text as letter, 'waiting' as status, class, code, detail, topic, type, octet_length(bytes) as bytes, attempts, replay,
    to_char(received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as received,
    to_char(first_failed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as first_failed,
    to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as died,
    null as replayed, null as discarded, null as discard_reason, traceparent, source, event_id as id, partition_key as key, bytes as content
  from dead_letters order by dead_letters.id desc`;

const isText = (bytes: Uint8Array): boolean => Buffer.from(Buffer.from(bytes).toString("utf8")).equals(bytes);

const linesOf = (rows: readonly Row[], isMasked: boolean): readonly Readonly<Record<string, unknown>>[] =>
  rows.map(({ content, ...fields }) => {
    if (isMasked) return { ...fields, source: "•••", id: "•••", key: "•••" };
    const buffer = Buffer.from(content);
    return {
      ...fields,
      ...(isText(buffer) ? { body: buffer.toString("utf8") } : { body_base64: buffer.toString("base64") }),
    };
  });

const COLUMNS =
  "letter,status,class,code,detail,topic,type,bytes,attempts,replay,received,first_failed,died,replayed,discarded,discard_reason,traceparent,source,id,key,body,body_base64";

/** A cell that a spreadsheet reads as the text that it is. */
const cell = (value: unknown): string => {
  if (value === null || value === undefined) return "";
  const text = String(value);
  const first = text.trimStart()[0] ?? "x";
  const isFormula = "=+-@\uff1d\uff0b\uff0d\uff20".includes(first) || /^[\t\r\n]/.test(text);
  const safe = typeof value === "string" && isFormula ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

const expected = {
  jsonl: (rows: readonly Row[], isMasked: boolean) =>
    linesOf(rows, isMasked)
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(""),
  csv: (rows: readonly Row[], isMasked: boolean) =>
    [
      COLUMNS,
      ...linesOf(rows, isMasked).map((line) =>
        COLUMNS.split(",")
          .map((name) => cell(line[name]))
          .join(","),
      ),
    ]
      .map((line) => `${line}\r\n`)
      .join(""),
} as const;

const downloaded = async (page: Page, name: string, nth: number): Promise<Buffer> => {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name, exact: true }).nth(nth).click(),
  ]);
  return readFile(await download.path());
};

test.each([
  ["jsonl", "JSON lines", false],
  ["csv", "CSV", false],
  ["jsonl", "JSON lines", true],
  ["csv", "CSV", true],
] as const)(
  "the download as %s (%s, masked: %s) is what Postgres has, byte for byte",
  async (format, name, isMasked) => {
    await operator.open("/dead-letters?status=any");
    const bytes = await downloaded(operator.page, name, isMasked ? 1 : 0);
    const wanted = Buffer.from(expected[format](await rowsOf(), isMasked));
    expect(bytes.length).toBe(wanted.length);
    expect(bytes.equals(wanted)).toBe(true);
    expect(bytes.length > 1_000_000).toBe(!isMasked);
  },
);

/** The cells of RFC 4180. */
const cellsOf = (csv: string): readonly string[] => {
  const cells: string[] = [];
  for (const [, quoted, plain] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(?:,|\r\n)/g))
    cells.push(quoted === undefined ? (plain ?? "") : quoted.replaceAll('""', '"'));
  return cells;
};

test("no cell of the tables begins as a formula does, and each is what it was but for the apostrophe", async () => {
  await operator.open("/dead-letters?status=any");
  const cells = cellsOf((await downloaded(operator.page, "CSV", 0)).toString("utf8"));
  const columns = COLUMNS.split(",").length;
  expect(cells.length).toBe((BODIES.length + 1) * columns);
  expect(cells.filter((text) => /^[\s]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(text))).toEqual([]);
  const types = cells.filter((_, i) => i % columns === COLUMNS.split(",").indexOf("type")).slice(1);
  expect(new Set(types.map((text) => text.replace(/^'/, "")))).toEqual(
    new Set(TEXTS.map((text) => text.replace(/^'/, ""))),
  );
});

test("the body of each letter is downloaded as the bytes that it has", async () => {
  for (const { letter, content } of await rowsOf()) {
    const page = `/dead-letters/${letter}`;
    await operator.open(page);
    const [download] = await Promise.all([
      operator.page.waitForEvent("download"),
      operator.page.locator("#download").click(),
    ]);
    expect([letter, Buffer.from(content).equals(await readFile(await download.path()))]).toEqual([letter, true]);
  }
});

/** What a page would have if any of it were not text. */
const harmOf = () => ({
  owned: "owned" in window,
  elements: document.querySelectorAll("main :is(script, img, iframe, object, style)").length,
  handlers: document.querySelectorAll("[onerror], [onload], [href^='javascript:']").length,
  marks: /[\u200b\u202a-\u202e\u2066-\u2069]/u.test(document.body.textContent),
});

test("on every page that shows something of an event it is inert, and none is larger than 60 KB", async () => {
  const { page, complaints } = operator;
  await operator.open("/jobs/new?kind=discard&type=plain");
  await page.getByLabel("Reason").fill(TEXTS.filter((text) => !/\p{Cc}/u.test(text)).join(" "));
  await page.getByRole("button", { name: /^Discard/ }).click();
  await page.getByRole("heading", { name: /^Job \d+:/ }).waitFor();
  const job = new URL(page.url()).pathname;
  const rows = await rowsOf();
  const key = API_KEY.split(":")[0] ?? "";
  const paths = [
    "/",
    "/lag",
    "/jobs",
    job,
    "/audit",
    "/dead-letters",
    "/dead-letters?status=any",
    ...rows.flatMap(({ letter }) => [`/dead-letters/${letter}`, `/dead-letters/${letter}?view=raw`]),
    `/dead-letters/${rows.at(-1)?.letter}?view=hex`,
    ...TEXTS.flatMap((text) => {
      const written = encodeURIComponent(text);
      return [
        `/dead-letters?status=any&type=${written}&topic=${written}&key=${written}&code=${written}&q=${written}`,
        `/jobs/new?kind=replay&type=${written}`,
        `/events/${written}?key=${key}&source=${written}`,
        `/events/${written}?key=${written}&source=${written}`,
      ];
    }),
  ];
  for (const path of paths) {
    const response = await page.goto(path);
    expect([path, (response?.status() ?? 0) < 500]).toEqual([path, true]);
    expect([path, ((await response?.body())?.length ?? 0) < 60_000]).toEqual([path, true]);
    expect([path, await page.evaluate(harmOf)]).toEqual([
      path,
      { owned: false, elements: 0, handlers: 0, marks: false },
    ]);
    expect(await page.title()).toMatch(/· Spillway$/);
  }
  expect(complaints.filter((text) => !/status of 4\d\d/.test(text))).toEqual([]);
});
