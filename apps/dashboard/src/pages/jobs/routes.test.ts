import type { Job } from "@spillway/dead-letters";
import { expect, test } from "vitest";
import { form, hostile, job, logIn, setUp } from "../../app.fixture.tsx";

const begun = async (shown: Job = job) => {
  const { app, calls } = setUp({}, false, {}, undefined, shown);
  const { cookie, token } = await logIn(app);
  const get = async (path: string) => {
    const answer = await app.request(path, { headers: { cookie } });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  };
  const post = (path: string, fields: Record<string, string> = {}) =>
    app.request(path, form({ form_token: token, ...fields }, { cookie }), { address: "192.0.2.7" });
  return { calls, get, post };
};

const fieldsIn = (html: string) =>
  Object.fromEntries(
    [...html.slice(html.indexOf('class="plan"')).matchAll(/name="([^"]+)"[^>]*? value="([^"]*)"/g)].map(
      ([, name = "", value = ""]) => [name, value.replaceAll("&amp;", "&")],
    ),
  );

test("a plan says how many will go and why the others will not; its form orders exactly that", async () => {
  const { calls, get, post } = await begun();
  const { text } = await get("/jobs/new?kind=replay&class=oversize&type=invoice.created&since=2h");
  expect(text).toContain("Replay 1,000 of oversize invoice.created: 998 will go, 2 went round too often.");
  const fields = fieldsIn(text);
  const answer = await post("/jobs", { ...fields, reason: "the limit was raised" });
  expect(answer.headers.get("location")).toBe("/jobs/3");
  expect(calls.jobs).toEqual([
    {
      key: fields.order,
      kind: "replay",
      filter: {
        status: "waiting",
        deadLetterClass: "oversize",
        type: "invoice.created",
        sinceMs: Number(fields.at) - 7_200_000,
        throughId: "7",
      },
      undoes: null,
      reason: "the limit was raised",
      planned: 1_000,
      rate: 500,
      deathsMax: 20,
      actor: "operator",
      address: "192.0.2.7",
    },
  ]);
  expect(calls.deeds).toEqual([
    [
      {
        actor: "operator",
        address: "192.0.2.7",
        action: "job.replay",
        subject: "1000 of oversize invoice.created",
        reason: "the limit was raised",
      },
      "Job 3 was begun.",
    ],
  ]);
});

test("a form that is sent twice begins one job, and says so; the undo of a discard likewise", async () => {
  const { calls, get, post } = await begun({ ...job, kind: "discard", state: "done" });
  const fields = fieldsIn((await get("/jobs/new?kind=replay&code=c")).text);
  for (const words of ["Job 3 was begun.", "Job 3 was begun once, by this form, and not again."]) {
    expect((await post("/jobs", fields)).headers.get("location")).toBe("/jobs/3");
    expect((await get("/jobs/3")).text).toContain(words);
  }
  const order = /name="order" value="([^"]+)"/.exec((await get("/jobs/3")).text)?.[1] ?? "";
  for (let times = 0; times < 2; times++) expect((await post("/jobs/3/undo", { order })).status).toBe(303);
  expect((await post("/jobs/3/undo")).status).toBe(422);
  expect(calls.jobs.map(({ kind }) => kind)).toEqual(["replay", "restore"]);
});

test.each([
  [{ order: "" }, "The plan is damaged"],
  [{ rate: "0" }, "Letters a second are 1 to 5000."],
  [{ rate: "1e9" }, "Letters a second are 1 to 5000."],
  [{ deaths_max: "-1" }, "It stops after 0 to"],
  [{ kind: "discard", reason: " " }, "A reason of 1 to 500"],
  [{ reason: "a\u0000" }, "A reason of 1 to 500"],
  [{ through: "1; drop" }, "The plan is damaged"],
  [{ address: "?status=replayed" }, "Only letters that wait"],
])("a form with %j begins nothing, and keeps what was typed", async (wrong, words) => {
  const { calls, get, post } = await begun();
  const fields = { ...fieldsIn((await get("/jobs/new?kind=replay&code=c")).text), reason: "typed" };
  const answer = await post("/jobs", { ...fields, ...wrong });
  expect(answer.status).toBe(422);
  const text = await answer.text();
  expect(text).toContain(words);
  if (!("address" in wrong)) expect(text).toContain(`name="rate"`);
  expect(calls.jobs).toEqual([]);
});

test("a job is on its page until it is over, with what can be done to it; the rest is refused in words", async () => {
  const { calls, get, post } = await begun();
  const { text } = await get("/jobs/3");
  expect(text).toContain("998 of 1,000 went, 1 died again so far, and 2 went round too often.");
  expect(text).not.toContain(hostile);
  expect(text).toContain('<noscript><meta http-equiv="refresh" content="2"/></noscript>');
  await post("/jobs/3/pause");
  expect((await get("/jobs/3")).text).toContain("Job 3 is paused.");
  await post("/jobs/3/cancel");
  expect((await get("/jobs/3")).text).toContain("Job 3 is not in a state for that any more.");
  expect(calls.moves).toEqual([
    ["3", "pause"],
    ["3", "cancel"],
  ]);
  expect((await post("/jobs/3/undo")).status).toBe(409);
  for (const path of ["/jobs/4", "/jobs/x"]) expect((await get(path)).status).toBe(404);
  expect((await post("/jobs/3/finish")).status).toBe(404);
  expect((await get("/jobs")).text).toContain("/jobs?before=3");
});

test("the audit shows what was done, inert, and what nobody knows as unknown", async () => {
  const { get } = await begun();
  const { text } = await get("/audit");
  expect(text).toContain("unknown");
  expect(text).not.toContain(hostile);
});
