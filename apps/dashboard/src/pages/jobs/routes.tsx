/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { isLetterId, isReason, type JobMove, type JobOrder, RATE_MAX, REASON_LENGTH_MAX } from "@spillway/dead-letters";
import type { Context } from "hono";
import { answerDone, answerFramed, answerMessage, decidingToken } from "../../answers.tsx";
import { audited } from "../../audited.ts";
import type { AddPage, Env } from "../../env.ts";
import type { Fields } from "../../form.ts";
import type { DashboardPorts } from "../../ports.ts";
import { readQuery } from "../dead-letters/query.ts";
import { JobPage, JobsPage } from "./job.tsx";
import { DEATHS_MAX, PlanPage, RATE, type Typed } from "./plan.tsx";
import { aboutOf, VERBS } from "./words.ts";

const KINDS = ["replay", "discard"] as const;
type Kind = (typeof KINDS)[number];

const DEATHS_MOST = 1_000_000;

/** As `randomToken` makes them. */
const isOrderKey = (key: string): boolean => /^[\w-]{7,64}$/.test(key);

const integerOf = (text: string | undefined, min: number, max: number): number | null => {
  const value = /^\d{1,9}$/.test(text ?? "") ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : null;
};

type Asked = { readonly kind: string | null; readonly params: URLSearchParams; readonly atMs: number };

/** The plan of what is asked for, with what was typed and why that was refused, if it was. */
const planPage = async (c: Context<Env>, ports: DashboardPorts, asked: Asked, typed: Typed, problem: string | null) => {
  const kind = KINDS.find((each) => each === asked.kind);
  const query = readQuery(asked.params, asked.atMs);
  if (kind === undefined) return answerMessage(c, 422, "A job replays or discards.");
  if (query.problems.length > 0) return answerMessage(c, 422, query.problems.join(" "));
  if (query.filter.status !== "waiting")
    return answerMessage(c, 422, "Only letters that wait can be replayed or discarded.");
  const plan = await ports.letters.plan(query.filter);
  const found = await ports.letters.page(query.filter, {});
  const props = {
    kind,
    query,
    plan,
    typed,
    problem,
    orderKey: ports.randomToken(),
    about: aboutOf({ filter: query.filter, undoes: null }),
  };
  const samples = found?.letters.slice(0, 5) ?? [];
  const { topic, deadLetterClass } = query.filter;
  const isTooLarge = kind === "replay" && deadLetterClass === "oversize" && typeof topic === "string";
  const limit = isTooLarge ? await ports.topicLimit(topic) : null;
  const page = <PlanPage {...props} samples={samples} limit={limit} formToken={decidingToken(c)} />;
  return answerFramed(c, ports, { page: "jobs", title: `${VERBS[kind].will}?` }, page, problem === null ? 200 : 422);
};

type Order = Omit<JobOrder, "actor" | "address">;

/** What the form of a plan orders, or why it cannot be. */
const orderOf = (fields: Fields): Order | string => {
  const kind: Kind | undefined = KINDS.find((each) => each === fields.get("kind"));
  const [throughId, key] = [fields.get("through") ?? "", fields.get("order") ?? ""];
  const atMs = integerOfTime(fields.get("at"));
  const planned = integerOf(fields.get("planned"), 0, DEATHS_MOST);
  if (kind === undefined || atMs === null || planned === null || !isLetterId(throughId) || !isOrderKey(key))
    return "The plan is damaged: make it again.";
  const { filter, problems } = readQuery(new URLSearchParams(fields.get("address") ?? ""), atMs);
  if (problems.length > 0 || filter.status !== "waiting") return "The plan is damaged: make it again.";
  const reason = fields.get("reason")?.trim() ?? "";
  if ((kind === "discard" || reason !== "") && !isReason(reason))
    return `A reason of 1 to ${REASON_LENGTH_MAX} characters is required, without control characters.`;
  const rate = integerOf(fields.get("rate"), 1, RATE_MAX);
  if (rate === null) return `Letters a second are 1 to ${RATE_MAX}.`;
  const deathsMax = kind === "discard" ? 0 : integerOf(fields.get("deaths_max"), 0, DEATHS_MOST);
  if (deathsMax === null) return `It stops after 0 to ${DEATHS_MOST} that died again.`;
  const frozen = { ...filter, throughId };
  return { key, kind, filter: frozen, undoes: null, reason: reason || null, planned, rate, deathsMax };
};

/** The moment of a plan: relative times stay what they were then. */
const integerOfTime = (text: string | undefined): number | null => (/^\d{13}$/.test(text ?? "") ? Number(text) : null);

const create = async (c: Context<Env>, ports: DashboardPorts, order: Order) => {
  const actor = c.get("session").user.name;
  const address = c.env?.address ?? "unknown";
  let [id, text] = ["", ""];
  const action = {
    action: `job.${order.kind}`,
    subject: `${order.planned} of ${aboutOf(order)}`,
    reason: order.reason ?? "",
  };
  await audited(c, ports, action, async () => {
    const begun = await ports.jobs.create({ ...order, actor, address });
    id = begun.id;
    text = begun.isNew ? `Job ${id} was begun.` : `Job ${id} was begun once, by this form, and not again.`;
    return text;
  });
  return answerDone(c, ports, `/jobs/${id}`, text);
};

const begin = async (c: Context<Env>, ports: DashboardPorts) => {
  const fields = c.get("fields");
  const order = orderOf(fields);
  if (typeof order !== "string") return create(c, ports, order);
  const text = (name: string) => fields.get(name) ?? "";
  const asked = { kind: text("kind"), params: new URLSearchParams(text("address")), atMs: ports.clock.wallMs() };
  return planPage(
    c,
    ports,
    asked,
    { reason: text("reason"), rate: text("rate"), deathsMax: text("deaths_max") },
    order,
  );
};

const notThere = (c: Context) => answerMessage(c, 404, "There is no such job.");

const MOVED: Readonly<Partial<Record<JobMove, string>>> = {
  pause: "is paused",
  resume: "goes on",
  cancel: "is cancelled",
};

const move = async (c: Context<Env>, ports: DashboardPorts, id: string, wanted: JobMove) => {
  if ((await ports.jobs.get(id)) === null) return notThere(c);
  const text = await audited(c, ports, { action: `job.${wanted}`, subject: `job ${id}` }, async () =>
    (await ports.jobs.move(id, wanted))
      ? `Job ${id} ${MOVED[wanted]}.`
      : `Job ${id} is not in a state for that any more.`,
  );
  return answerDone(c, ports, `/jobs/${id}`, text);
};

const undo = async (c: Context<Env>, ports: DashboardPorts, id: string) => {
  const job = await ports.jobs.get(id);
  if (job === null) return notThere(c);
  if (job.kind !== "discard") return answerMessage(c, 409, "Only a discard can be taken back.");
  const key = c.get("fields").get("order") ?? "";
  if (!isOrderKey(key)) return answerMessage(c, 422, "The form is damaged: look at the job, and send it again.");
  const { decided } = await ports.jobs.counts(id);
  return create(c, ports, { ...job, key, kind: "restore", filter: {}, undoes: id, reason: null, planned: decided });
};

/** `/jobs`: replay or discard what a filter finds, as a job that everybody sees. */
export const addJobs: AddPage = (app, ports) => {
  app.get("/jobs", async (c) => {
    const { jobs, older } = await ports.jobs.page(c.req.query("before") ?? null);
    return answerFramed(
      c,
      ports,
      { page: "jobs" },
      <JobsPage jobs={jobs} older={older} nowMs={ports.clock.wallMs()} />,
    );
  });
  app.get("/jobs/new", (c) => {
    const params = new URL(c.req.url).searchParams;
    const typed = { reason: "", rate: String(RATE), deathsMax: String(DEATHS_MAX) };
    return planPage(c, ports, { kind: params.get("kind"), params, atMs: ports.clock.wallMs() }, typed, null);
  });
  app.post("/jobs", (c) => begin(c, ports));
  app.get("/jobs/:id", async (c) => {
    const job = await ports.jobs.get(c.req.param("id"));
    if (job === null) return notThere(c);
    const counts = await ports.jobs.counts(job.id);
    const isMoving = job.state === "running" || job.state === "arriving";
    const page = <JobPage {...{ job, counts }} orderKey={ports.randomToken()} formToken={decidingToken(c)} />;
    return answerFramed(c, ports, { page: "jobs", title: `Job ${job.id}`, isMoving }, page);
  });
  for (const wanted of ["pause", "resume", "cancel"] as const)
    app.post(`/jobs/:id/${wanted}`, (c) => move(c, ports, c.req.param("id"), wanted));
  app.post("/jobs/:id/undo", (c) => undo(c, ports, c.req.param("id")));
};
