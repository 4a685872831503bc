import { expect, test } from "vitest";
import { form, logIn, setUp, whole } from "../../app.fixture.tsx";
import type { TopicLimit } from "../../sights/topic-limits.ts";
import { PAGE_ROWS } from "./list.tsx";

test("a discard needs a reason and tells what came of it", async () => {
  const { app, calls } = setUp();
  const { cookie, token } = await logIn(app);
  const post = (reason: string) =>
    app.request("/dead-letters/7/discard", form({ form_token: token, reason }, { cookie }));
  for (const reason of ["  ", "x".repeat(501), "a\u0000b", "a\nb", ""]) {
    const refused = await post(reason);
    expect([refused.status, (await refused.text()).includes('href="/"')]).toEqual([422, true]);
  }
  const response = await post("a test");
  const next = await app.request(response.headers.get("location") ?? "", { headers: { cookie } });
  expect(await next.text()).toContain("Letter 7 was not discarded: already replayed.");
  expect(calls.discarded).toEqual([["7", "a test"]]);
});

test("of a letter that is discarded already it is told by whom and when: perhaps by the form whose answer was lost", async () => {
  const actions = [{ action: "discard" as const, actor: "ann", reason: "r", atMs: 61_000 }];
  const { app } = setUp({}, false, {
    get: async () => ({ ...whole, status: "discarded", actions }),
    discard: async () => ({ done: 0, refusals: ["it was discarded"], isSo: true }),
    replay: async () => ({ done: 0, refusals: ["it was discarded; restore it first"], isSo: false }),
  });
  const { cookie, token } = await logIn(app);
  const said = async (path: string) => {
    const sent = form({ form_token: token, reason: "r", "letter-7": "on" }, { cookie });
    const location = (await app.request(path, sent)).headers.get("location") ?? "";
    return (await app.request(location, { headers: { cookie } })).text();
  };
  const once = "Letter 7 was discarded once, by ann at 1970-01-01 00:01:01 UTC, and not again.";
  expect(await said("/dead-letters/7/discard")).toContain(once);
  expect(await said("/dead-letters/marked/discard")).toContain(`0 letters were discarded. ${once}`);
  expect(await said("/dead-letters/7/replay")).toContain(
    "Letter 7 was not replayed: it was discarded; restore it first.",
  );
});

test("a discard without a reason keeps the letter's page and what was typed", async () => {
  const { app } = setUp();
  const { cookie, token } = await logIn(app);
  const fields = { form_token: token, reason: "x".repeat(501), address: "?type=t&view=raw" };
  const page = await (await app.request("/dead-letters/7/discard", form(fields, { cookie }))).text();
  expect(page).toContain(`value="${"x".repeat(501)}"`);
  expect(page).toContain("A reason of 1 to 500 characters is required");
  expect(page).toContain('href="/dead-letters?type=t"');
});

test("an action leads back to the list that it was done in, and nowhere else", async () => {
  const { app } = setUp();
  const { cookie, token } = await logIn(app);
  const after = async (fields: Record<string, string>) => {
    const answer = await app.request("/dead-letters/7/restore", form({ form_token: token, ...fields }, { cookie }));
    return answer.headers.get("location");
  };
  expect(await after({ back: "/dead-letters?type=t&before=9" })).toBe("/dead-letters?type=t&before=9");
  expect(await after({ address: "?type=t&x=1" })).toBe("/dead-letters/7?type=t");
  for (const back of ["//evil.example/dead-letters", "https://evil.example/", "/logout", "\\\\evil.example"])
    expect(await after({ back })).toBe("/dead-letters/7");
});

test("the address is the filter; what cannot be read of it is told, and keeps what was typed", async () => {
  const { app, calls } = setUp();
  const { cookie } = await logIn(app);
  const get = (path: string) => app.request(path, { headers: { cookie } });
  calls.asked.length = 0;
  const found = await (await get("/dead-letters?code=c&no=type&before=9")).text();
  expect(calls.asked).toEqual([[{ status: "waiting", code: "c", type: null }, { before: "9" }]]);
  expect(found).toContain('href="/dead-letters?code=c&amp;no=type&amp;before=6"');
  expect(found).toContain('href="/dead-letters?code=c&amp;no=type&amp;after=8"');
  const wrong = await get("/dead-letters?since=yesterday&code=c");
  expect(wrong.status).toBe(422);
  const page = await wrong.text();
  for (const kept of ["is no time", 'value="yesterday"', 'value="c"']) expect(page).toContain(kept);
  expect(calls.asked).toHaveLength(1);
});

test("a letter is shown with its bytes exact and what is hidden in them visible, and downloaded as a file", async () => {
  const { app } = setUp();
  const { cookie } = await logIn(app);
  const get = (path: string) => app.request(path, { headers: { cookie } });
  const page = await (await get("/dead-letters/7")).text();
  expect(page).toContain("12345678901234567890");
  expect(page).toContain('<span class="mark">U+202E</span>');
  expect(page).not.toContain("\u202e");
  expect(await (await get("/dead-letters/7?view=hex")).text()).toContain("000000  7b 22");
  const body = await get("/dead-letters/7/body");
  expect(body.headers.get("content-disposition")).toBe('attachment; filename="letter-7.bin"');
  expect(body.headers.get("content-type")).toBe("application/octet-stream");
  expect(new Uint8Array(await body.arrayBuffer())).toEqual(whole.bytes);
  const csv = await get("/dead-letters/export?format=csv&mask=1");
  expect(csv.headers.get("content-disposition")).toContain("attachment");
  expect(await csv.text()).not.toContain("12345678901234567890");
  expect((await get("/dead-letters/export?format=xml")).status).toBe(422);
  expect((await get("/dead-letters/8")).status).toBe(404);
});

test("a letter has its size beside what its topic takes, and the headers of its record and of a replay's", async () => {
  const rows = async (over: Partial<typeof whole>, limit?: TopicLimit) => {
    const topicLimit = async () => limit ?? ({ kind: "known", bytes: 20_000 } as const);
    const { app } = setUp({ topicLimit }, false, { get: async () => ({ ...whole, ...over }) });
    const { cookie } = await logIn(app);
    const page = await (await app.request("/dead-letters/7", { headers: { cookie } })).text();
    return page.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
  };
  const traced = { traceparent: "00-1", tracestate: "a=b", entry: "17-0", index: 3, replay: 1, bytesLength: 30_000 };
  const page = await rows(traced);
  expect(page).toContain("30,000 bytes (29.3 KiB). t takes 20,000 bytes (19.5 KiB) at most");
  for (const row of [
    "content-type application/cloudevents+json; charset=UTF-8 Copy the same",
    "spillway-entry 0/17-0/3 Copy its new place",
    "spillway-attempt 2 Copy 3",
    "traceparent 00-1 Copy the same",
    "tracestate a=b Copy the same",
  ])
    expect(page).toContain(row);
  expect(await rows({}, { kind: "unknown", why: "Kafka has not answered yet" })).toMatch(
    /What t takes at most is unknown : Kafka has not answered yet\./,
  );
  const chunk = await rows({ index: -1, entry: "17-0", topic: null });
  expect(chunk).toContain("No record was made of it: it is the whole entry 17-0 of shard 0");
  expect(chunk).toContain("It was on its way to no topic.");
});

test("what is searched for on any page leads to the letter of that number, else to the event", async () => {
  const { app } = setUp();
  const { cookie } = await logIn(app);
  const found = async (q: string) =>
    (await app.request(`/find?q=${encodeURIComponent(q)}`, { headers: { cookie } })).headers.get("location");
  expect(await found(" 7 ")).toBe("/dead-letters/7");
  expect(await found("8")).toBe("/events/8");
  expect(await found("order/17?<b>")).toBe("/events/order%2F17%3F%3Cb%3E");
  expect(await found("//evil.example")).toBe("/events/%2F%2Fevil.example");
  expect(await found("  ")).toBe("/events");
});

test.each(["abc", "", "-1", "0", "1e3", "9".repeat(40), "1%00", "%ff", "7 or 1=1"])(
  "no letter is before %s: 400, in words",
  async (before) => {
    const { app, logged } = setUp();
    const { cookie } = await logIn(app);
    const response = await app.request(`/dead-letters?before=${before}`, { headers: { cookie } });
    expect([response.status, (await response.text()).includes('href="/"')]).toEqual([400, true]);
    expect(logged).toEqual(["info login.succeeded"]);
  },
);

test.each(["x", "0", "-1", "007", "9".repeat(40), "%ff", "7%00", "7/8", "7%2f8"])(
  "there is no letter %s: 404, in words",
  async (id) => {
    const { app, calls, logged } = setUp();
    const { cookie, token } = await logIn(app);
    for (const action of ["replay", "discard", "explode"]) {
      const response = await app.request(
        `/dead-letters/${id}/${action}`,
        form({ form_token: token, reason: "r" }, { cookie }),
      );
      expect([response.status, (await response.text()).includes('href="/"')]).toEqual([404, true]);
    }
    expect([calls.replayed, calls.discarded]).toEqual([[], []]);
    expect(logged).toEqual(["info login.succeeded"]);
  },
);

test("no page is larger than 60 KB, whatever is in the events and the filter", async () => {
  for (const text of [
    "'\"<>&".repeat(205),
    "\u202e".repeat(1_024),
    "日".repeat(1_024),
    "😀".repeat(512),
    "\u{E0041}".repeat(512),
  ]) {
    const letter = {
      ...whole,
      code: text,
      detail: text,
      type: text,
      source: text,
      eventId: text,
      partitionKey: text,
      topic: text,
    };
    const letters = Array.from({ length: PAGE_ROWS }, (_, i) => ({ ...letter, id: String(10 ** 17 + i) }));
    const groups = letters.map((each) => ({
      ...each,
      letters: 1_234_567,
      capped: true,
      firstAtMs: 0,
      lastAtMs: 0,
      days: [0, 1, 2, 3, 4, 5, 6],
      key: each.id,
      sampleId: each.id,
    }));
    const { app } = setUp({}, false, {
      groups: async () => ({ value: { groups, more: true }, atMs: 0 }),
      page: async () => ({ letters, older: "6", newer: "8", searched: 10_000 }),
      get: async () => ({ ...letter, bytes: new TextEncoder().encode(text.repeat(100)), bytesLength: 1_000_000 }),
    });
    const { cookie } = await logIn(app);
    const filter = new URLSearchParams({ key: text.replace(/\p{C}/gu, "x").slice(0, 150) });
    for (const path of [
      "/dead-letters",
      "/dead-letters?status=any",
      `/dead-letters?${filter}`,
      "/dead-letters/7",
      `/dead-letters/7?${filter}`,
      `/jobs/new?kind=replay&${filter}`,
    ]) {
      const page = await (await app.request(path, { headers: { cookie } })).arrayBuffer();
      expect([text.slice(0, 5), path.slice(0, 20), page.byteLength < 60_000 ? "small" : page.byteLength]).toEqual([
        text.slice(0, 5),
        path.slice(0, 20),
        "small",
      ]);
    }
  }
});

test("a group whose address is long has a short one, by one of its letters", async () => {
  const { app } = setUp();
  const { cookie } = await logIn(app);
  const get = async (path: string) => (await app.request(path, { headers: { cookie } })).headers.get("location");
  const address = await get("/dead-letters/7/group");
  expect(address).toMatch(/^\/dead-letters\?class=oversize&code=message_too_large&topic=t&type=/);
  expect(await get("/dead-letters/7/group?kind=replay")).toBe(`/jobs/new${address?.slice(13)}&kind=replay`);
});

test("from a letter one goes to the next among those of the filter", async () => {
  const { app } = setUp();
  const { cookie } = await logIn(app);
  const page = await (await app.request("/dead-letters/7?type=t", { headers: { cookie } })).text();
  expect(page).toContain('<a rel="prev" href="/dead-letters/8?type=t">');
  expect(page).toContain('<a rel="next" href="/dead-letters/6?type=t">');
});
