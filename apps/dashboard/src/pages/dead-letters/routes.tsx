/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { isLetterId, isReason, type LetterCursor, REASON_LENGTH_MAX } from "@spillway/dead-letters";
import type { Context } from "hono";
import { answerDone, answerFramed, answerMessage, decidingToken } from "../../answers.tsx";
import { audited } from "../../audited.ts";
import type { AddPage, Env } from "../../env.ts";
import type { ActionResult, DashboardPorts } from "../../ports.ts";
import type { TopicLimit } from "../../sights/topic-limits.ts";
import { manyOf, secondOf } from "../format.ts";
import { bodyOf, VIEWS } from "./body.ts";
import { exportLines, FORMATS } from "./export.ts";
import { FilterForm } from "./filter-form.tsx";
import { Groups } from "./groups.tsx";
import { Letter } from "./letter.tsx";
import { List } from "./list.tsx";
import { groupFields, queryString, readQuery } from "./query.ts";

const paramsOf = (c: Context): URLSearchParams => new URL(c.req.url).searchParams;

const cursorOf = (params: URLSearchParams): LetterCursor | null => {
  const [before, after] = [params.get("before"), params.get("after")];
  if ([before, after].some((id) => id !== null && !isLetterId(id))) return null;
  if (before !== null) return { before };
  return after === null ? {} : { after };
};

/** How many of the largest groups come before those of this page. */
const skippedOf = (params: URLSearchParams): number =>
  /^\d{1,3}$/.test(params.get("groups") ?? "") ? Number(params.get("groups")) : 0;

const lettersPage = async (c: Context<Env>, ports: DashboardPorts) => {
  const params = paramsOf(c);
  const cursor = cursorOf(params);
  if (cursor === null) return answerMessage(c, 400, "There is no dead letter before or after that one.");
  const nowMs = ports.clock.wallMs();
  const query = readQuery(params, nowMs);
  const formToken = decidingToken(c);
  const frame = { page: "dead-letters" as const };
  const isGroups = Object.keys(query.fields).length === 0 && Object.keys(cursor).length === 0;
  if (isGroups)
    return answerFramed(
      c,
      ports,
      frame,
      <>
        <FilterForm query={query} />
        <Groups
          counted={await ports.letters.groups()}
          skipped={skippedOf(params)}
          nowMs={nowMs}
          formToken={formToken}
        />
      </>,
    );
  const isRead = query.problems.length === 0;
  const none = { letters: [], older: null, newer: null, searched: null };
  const found = isRead ? await ports.letters.page(query.filter, cursor) : none;
  const here = `/dead-letters${queryString(query.fields, { before: cursor.before ?? null, after: cursor.after ?? null })}`;
  const list = <List query={query} found={found} here={here} formToken={formToken} nowMs={nowMs} />;
  return answerFramed(
    c,
    ports,
    frame,
    <>
      <FilterForm query={query} />
      {list}
    </>,
    isRead ? 200 : 422,
  );
};

const noTopic: TopicLimit = { kind: "unknown", why: "it was on its way to no topic" };

/** The page of a letter has the address of its list eight times. */
const ADDRESS_KEPT_MAX = 1_500;

const notThere = (c: Context) => answerMessage(c, 404, "There is no such dead letter.");

type Refused = { readonly reason: string; readonly problem: string };

const letterPage = async (c: Context<Env>, ports: DashboardPorts, id: string, refused: Refused | null = null) => {
  const letter = await ports.letters.get(id);
  if (letter === null) return notThere(c);
  const params = refused === null ? paramsOf(c) : new URLSearchParams(c.get("fields").get("address") ?? "");
  const body = bodyOf(letter.bytes, VIEWS.find((view) => view === params.get("view")) ?? "pretty");
  const query = readQuery(params, ports.clock.wallMs());
  const whole = queryString(query.fields);
  const address = whole.length > ADDRESS_KEPT_MAX ? "" : whole;
  // Kafka's limit is waited for as long as Postgres is asked, and not after it.
  const [beside, limit] = await Promise.all([
    ports.letters.beside(address === "" ? {} : query.filter, id),
    letter.topic === null ? noTopic : ports.topicLimit(letter.topic),
  ]);
  const page = <Letter {...{ letter, body, limit, address, beside, refused }} formToken={decidingToken(c)} />;
  return answerFramed(c, ports, { page: "dead-letters", title: `Letter ${id}` }, page, refused === null ? 200 : 422);
};

const exported = async (c: Context<Env>, ports: DashboardPorts): Promise<Response> => {
  const params = paramsOf(c);
  const { filter, problems } = readQuery(params, ports.clock.wallMs());
  const format = FORMATS.find((each) => each === params.get("format"));
  if (format === undefined || problems.length > 0)
    return answerMessage(c, 422, problems[0] ?? "A download is jsonl or csv.");
  const lines = exportLines(ports.letters.export(filter), format, params.get("mask") === "1");
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await lines.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: async () => void (await lines.return(undefined)),
  });
  const type = format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson";
  return c.body(body, 200, {
    "content-type": type,
    "content-disposition": `attachment; filename="dead-letters.${format}"`,
  });
};

const ACTIONS = { replay: "replayed", discard: "discarded", restore: "taken back" } as const;

type Action = keyof typeof ACTIONS;

/** Of a letter that is already what it was to become: who made it so, perhaps by this very form, whose answer was lost. */
const doneBefore = async ({ letters }: DashboardPorts, id: string, action: Action): Promise<string | null> => {
  const done = (await letters.get(id))?.actions.findLast((each) => each.action === action);
  if (done === undefined) return null;
  return `Letter ${id} was ${ACTIONS[action]} once, by ${done.actor} at ${secondOf(done.atMs)} UTC, and not again.`;
};

const act = async (ports: DashboardPorts, id: string, action: Action, by: string, reason: string) => {
  const { letters } = ports;
  const result: ActionResult =
    action === "discard" ? await letters.discard(id, by, reason) : await letters[action](id, by);
  const isDone = result.done > 0;
  const why = result.refusals.join("; ") || "it is gone";
  const before = !isDone && result.isSo ? await doneBefore(ports, id, action) : null;
  const text = isDone ? `Letter ${id} was ${ACTIONS[action]}.` : `Letter ${id} was not ${ACTIONS[action]}: ${why}.`;
  return { isDone, text: before ?? text };
};

/** Where an action leads: to the list that it was done in, else to the letter. */
const backOf = (c: Context<Env>, id: string): string => {
  const fields = c.get("fields");
  const url = new URL(fields.get("back") ?? "", "http://own");
  if (url.origin === "http://own" && url.pathname === "/dead-letters") return `${url.pathname}${url.search}`;
  const { fields: asked } = readQuery(new URLSearchParams(fields.get("address") ?? ""), 0);
  return `/dead-letters/${id}${queryString(asked)}`;
};

const reasonProblem = `A reason of 1 to ${REASON_LENGTH_MAX} characters is required, without control characters.`;

/** What became of each, in the order in which they died. */
const actOnEach = async (ports: DashboardPorts, ids: readonly string[], action: Action, by: string, reason: string) => {
  const texts: string[] = [];
  let done = 0;
  for (const id of ids) {
    const { isDone, text } = await act(ports, id, action, by, reason);
    if (isDone) done++;
    else texts.push(text);
  }
  return [`${manyOf(done, "letter was", "letters were")} ${ACTIONS[action]}.`, ...texts].join(" ");
};

/** The letters that were marked in a list. */
const actMarked = async (c: Context<Env>, ports: DashboardPorts, action: "replay" | "discard") => {
  const fields = c.get("fields");
  const reason = fields.get("reason")?.trim() ?? "";
  const marked = [...fields.keys()].map((name) => /^letter-(.+)$/.exec(name)?.[1] ?? "").filter(isLetterId);
  const ids = marked.toSorted((a, b) => Number(BigInt(a) - BigInt(b)));
  if (ids.length === 0) return answerMessage(c, 422, "No letter was marked: there is a box in front of each.");
  if (action === "discard" && !isReason(reason)) return answerMessage(c, 422, reasonProblem);
  const by = c.get("session").user.name;
  const deed = { action: `letter.${action}`, subject: `letters ${ids.join(", ")}`, reason };
  const text = await audited(c, ports, deed, () => actOnEach(ports, ids, action, by, reason));
  return answerDone(c, ports, backOf(c, ids[0] ?? ""), text);
};

const actOnOne = async (c: Context<Env>, ports: DashboardPorts, id: string, action: Action) => {
  const reason = c.get("fields").get("reason")?.trim() ?? "";
  if (action === "discard" && !isReason(reason)) {
    return letterPage(c, ports, id, { reason, problem: reasonProblem });
  }
  const by = c.get("session").user.name;
  const deed = { action: `letter.${action}`, subject: `letter ${id}`, reason };
  const text = await audited(c, ports, deed, async () => (await act(ports, id, action, by, reason)).text);
  return answerDone(c, ports, backOf(c, id), text);
};

/** `/dead-letters`: by group, by filter, one by one, and as a download. */
export const addDeadLetters: AddPage = (app, ports) => {
  app.get("/dead-letters", (c) => lettersPage(c, ports));
  app.get("/dead-letters/export", (c) => exported(c, ports));
  app.get("/dead-letters/:id", (c) => {
    const { id } = c.req.param();
    return isLetterId(id) ? letterPage(c, ports, id) : notThere(c);
  });
  app.get("/dead-letters/:id/group", async (c) => {
    const { id } = c.req.param();
    const letter = isLetterId(id) ? await ports.letters.get(id) : null;
    if (letter === null) return notThere(c);
    const kind = c.req.query("kind") ?? null;
    return c.redirect(
      `${kind === null ? "/dead-letters" : "/jobs/new"}${queryString(groupFields(letter), { kind })}`,
      303,
    );
  });
  app.get("/dead-letters/:id/body", async (c) => {
    const { id } = c.req.param();
    const letter = isLetterId(id) ? await ports.letters.get(id) : null;
    if (letter === null) return notThere(c);
    return c.body(new Uint8Array(letter.bytes), 200, {
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename="letter-${id}.bin"`,
    });
  });
  for (const action of ["replay", "discard"] as const)
    app.post(`/dead-letters/marked/${action}`, (c) => actMarked(c, ports, action));
  // Three routes: of one with `:action{replay|discard|restore}` Hono takes /dead-letters/7/8/discard for 7.
  for (const action of ["replay", "discard", "restore"] as const)
    app.post(`/dead-letters/:id/${action}`, (c) => {
      const { id } = c.req.param();
      return isLetterId(id) ? actOnOne(c, ports, id, action) : notThere(c);
    });
};
